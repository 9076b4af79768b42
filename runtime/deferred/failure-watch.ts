/**
 * Who is told of a failure that nobody looked at: a watch where the deferred was given one (a context gives its own),
 * else Node, as of any rejected promise.
 */

/** Told once of each failure that had no observer when it came. Must not throw. */
export interface FailureWatch {
  /** @param failed - ask it again later: somebody may still look in the same tick. */
  failed(failed: { readonly isObserved: boolean }, error: unknown): void
}

/** Node's own `unhandledRejection` for a failure without a watch, taken back if somebody looks in the same tick. */
export class NativeRejection implements FailureWatch {
  private readonly rejection: Promise<never>

  constructor(error: unknown) {
    this.rejection = Promise.reject(error)
  }

  /** Has been told already, by its rejection. */
  failed(): void {}

  takeBack(): void {
    this.rejection.catch(() => {})
  }
}
