/** A transaction that was asked for, as its asker holds it: a deferred of its result. */
import { Deferred } from '../../runtime/deferred/deferred.ts'
import type { FailureWatch } from '../../runtime/deferred/failure-watch.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { TransactionOutcome } from './outcome.ts'
import type { TransactionState } from './states.ts'

/** The actor of a transaction, as its deferred sees it. */
export interface TransactionSource {
  readonly state: TransactionState
  readonly ref: Ref
}

/**
 * Settles when its outcome is known: with the result once it is committed; else it fails, with what its body has thrown, or
 * with a `TransactionError`, `DatabaseError` or `TransactionRefusedError`.
 *
 * `cancel` takes one that waits out of the queue, and that is its end. One that runs is interrupted; it stays pending until its
 * true outcome is known, and then fails with `CancelledError`, or is fulfilled if it was committed all the same. So is one whose
 * context ends.
 */
export class Transaction<R> extends Deferred<R> {
  /** As the module exports it. */
  readonly name: string
  private source: TransactionSource | undefined = undefined
  private known: TransactionOutcome<R> | undefined = undefined
  private awaited: Deferred<TransactionOutcome<R>> | undefined = undefined

  /** @internal */
  constructor(name: string, watch?: FailureWatch) {
    super(undefined, watch)
    this.name = name
  }

  get state(): TransactionState {
    return this.known?.status ?? this.source?.state ?? 'queued'
  }

  /** Its actor; undefined where it was refused before it had one. */
  get ref(): Ref | undefined {
    return this.source?.ref
  }

  /** What became of it. Never fails: a rollback is an outcome. */
  get outcome(): Deferred<TransactionOutcome<R>> {
    if (this.awaited === undefined) {
      this.awaited =
        this.known === undefined ? new Deferred<TransactionOutcome<R>>() : Deferred.of(this.known)
      // Who asks for the outcome has seen to a failure.
      this.listen(nothing, nothing)
    }
    return this.awaited
  }

  /** @internal */
  of(source: TransactionSource): void {
    this.source = source
  }

  /** @internal */
  ended(outcome: TransactionOutcome<R>): void {
    this.known = outcome
    this.awaited?.resolve(outcome)
    if (outcome.status === 'committed') this.resolve(outcome.value)
    else this.reject(outcome.error)
  }
}

function nothing(): void {}
