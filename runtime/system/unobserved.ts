/** Failed deferreds at which nobody had looked when the loop came round: each is reported once. */
import type { Deferred } from '../deferred/deferred.ts'
import type { FailureWatch } from '../deferred/failure-watch.ts'
import { CancelledError } from '../errors.ts'
import type { Poller } from '../loop/poller.ts'

export class UnobservedFailures implements FailureWatch {
  private readonly poller: Pick<Poller, 'defer'>
  private readonly report: (error: unknown) => void
  private suspects: { readonly deferred: Deferred<unknown>; readonly error: unknown }[] = []

  constructor(poller: Pick<Poller, 'defer'>, report: (error: unknown) => void) {
    this.poller = poller
    this.report = report
  }

  failed(deferred: Deferred<unknown>, error: unknown): void {
    // A cancellation that nobody waits for has reached everybody whom it concerns.
    if (error instanceof CancelledError) return
    this.suspects.push({ deferred, error })
    if (this.suspects.length === 1) this.poller.defer(() => this.check())
  }

  private check(): void {
    const { suspects } = this
    this.suspects = []
    for (const { deferred, error } of suspects) if (!deferred.isObserved) this.report(error)
  }
}
