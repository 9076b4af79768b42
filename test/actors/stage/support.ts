/** What tests of stages have in common. */
import type { ExecutionContext } from 'ava'
import type { StageStatistics } from '../../../actors/stage/interface.ts'
import type { Outcome } from '../../../actors/stage/outcome.ts'
import { isRefused, type Refused } from '../../../actors/stage/refused.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'

/** The law of the books: what was submitted has left, or is inside. */
export function balances(t: ExecutionContext, stage: { statistics(): StageStatistics }): void {
  const { submitted, completed, failed, refused, expired, queued, running } = stage.statistics()
  t.is(
    completed + failed + refused + expired + queued + running,
    submitted,
    'nothing is lost, or counted twice',
  )
}

/** The deferred of what must have been taken. */
export function taken<R>(result: Deferred<R> | Refused): Deferred<R> {
  if (isRefused(result)) throw result.toError()
  return result
}

/** Work that goes on until the test says what comes of it. */
export class Bench<J, R> {
  /** Jobs that were begun and are not done, in the order of their begin. */
  readonly open: { readonly job: J; readonly result: Deferred<R> }[] = []
  /** All that were begun. */
  readonly begun: J[] = []

  readonly handle = (job: J): Deferred<R> => {
    const result = new Deferred<R>()
    this.begun.push(job)
    this.open.push({ job, result })
    return result
  }

  /** Ends the oldest, or the one that is named. */
  done(value: R, job?: J): void {
    this.next(job).resolve(value)
  }

  failed(error: unknown, job?: J): void {
    this.next(job).reject(error)
  }

  private next(job: J | undefined): Deferred<R> {
    const at = job === undefined ? 0 : this.open.findIndex((one) => one.job === job)
    const [one] = this.open.splice(at, 1)
    if (one === undefined) throw new Error(`not begun: ${String(job)}`)
    return one.result
  }
}

export function ok<R>(value: R): Outcome<R> {
  return { ok: true, value }
}
