/** Law: work that is tied to a context ends with it, and leaves nothing behind when it ends before. */
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, DeadlineError } from '../../../runtime/errors.ts'
import { quiet, watchOutcome } from '../deferred/support.ts'
import { createTestContext } from './support.ts'

test('after fulfils by the clock of the context', (t) => {
  const { ctx, clock } = createTestContext()
  const seen = watchOutcome(ctx.withTimeout(1000).after(10))
  clock.advance(9)
  t.deepEqual(seen.now, ['pending'])
  clock.advance(1)
  t.deepEqual(seen.now, ['value', undefined])
  t.is(clock.pending, 0)
})

test('after fails when its context ends before, and leaves no timer', (t) => {
  const { ctx, clock } = createTestContext()
  const [child, cancel] = ctx.withCancel()
  const cancelled = watchOutcome(child.after(10))
  const late = watchOutcome(ctx.withTimeout(5).after(10))
  cancel('client left')
  const error = cancelled.now[1]
  t.true(error instanceof CancelledError)
  t.is((error as CancelledError).reason, 'client left')
  clock.advance(5)
  t.true(late.now[1] instanceof DeadlineError)
  t.is(clock.pending, 0)
})

test('cancelling after removes both of its timers', (t) => {
  const { ctx, clock } = createTestContext()
  const waiting = ctx.withTimeout(50).after(10)
  watchOutcome(waiting)
  t.is(clock.pending, 2)
  waiting.cancel()
  t.is(clock.pending, 0)
})

test('a bound deferred gives the result of its source, value or failure', (t) => {
  const { ctx, clock } = createTestContext()
  const child = ctx.withTimeout(5)
  const [good, bad] = [new Deferred<number>(), new Deferred<number>()]
  const seen = [child.bind(good), child.bind(bad)].map(watchOutcome)
  good.resolve(1)
  const failure = new Error('failure')
  bad.reject(failure)
  t.deepEqual(
    seen.map(({ now }) => now),
    [
      ['value', 1],
      ['error', failure],
    ],
  )
  t.is(clock.pending, 0)
})

test('the end of the context cancels the source, with the failure as its reason', (t) => {
  const { ctx } = createTestContext()
  const [child, cancel] = ctx.withCancel()
  const reasons: unknown[] = []
  const source = quiet<void>((reason) => reasons.push(reason))
  const seen = watchOutcome(child.bind(source))
  const reason = new CancelledError('client left')
  cancel(reason)
  t.is(seen.now[1], reason)
  t.deepEqual(reasons, [reason])
  t.is(source.status, 'rejected')
})

test('cancelling a bound deferred cancels its source', (t) => {
  const reasons: unknown[] = []
  const bound = createTestContext().ctx.bind(quiet<void>((reason) => reasons.push(reason)))
  const seen = watchOutcome(bound)
  bound.cancel('enough')
  t.deepEqual(reasons, ['enough'])
  t.is((seen.now[1] as CancelledError).reason, 'enough')
})

test('in a context that has ended a pending deferred is cancelled at once, a settled one keeps its result', (t) => {
  const { ctx } = createTestContext()
  const [child, cancel] = ctx.withCancel()
  cancel('over')
  const source = quiet<void>()
  t.true(watchOutcome(child.bind(source)).now[1] instanceof CancelledError)
  t.is(source.status, 'rejected')
  const settled = Deferred.of(1)
  t.is(child.bind(settled), settled)
})

test('a failure that nobody looks at is reported to the context, a cancellation is not', (t) => {
  const { ctx, failures } = createTestContext()
  const failure = new Error('failure')
  ctx.deferred().reject(failure)
  t.deepEqual(failures, [failure])
  const [child, cancel] = ctx.withCancel()
  child.after(10)
  cancel('client left')
  t.deepEqual(failures, [failure])
})

test('the signal is one per context, aborts with its end, and carries the failure', (t) => {
  const { ctx } = createTestContext()
  const [child, cancel] = ctx.withCancel()
  const { signal } = child
  t.is(child.signal, signal)
  t.false(signal.aborted)
  let events = 0
  signal.addEventListener('abort', () => {
    events += 1
  })
  cancel('client left')
  t.is(events, 1)
  t.true(signal.reason instanceof CancelledError)
  t.is((signal.reason as CancelledError).reason, 'client left')
  t.true(child.signal.aborted)
})

test('the signal aborts at the deadline', (t) => {
  const { ctx, clock } = createTestContext()
  const { signal } = ctx.withTimeout(5)
  clock.advance(5)
  t.true(signal.reason instanceof DeadlineError)
  t.is(clock.pending, 0)
})

test('the signal of a context that has ended is aborted already', (t) => {
  const { signal } = createTestContext().ctx.withTimeout(0)
  t.true(signal.aborted)
})
