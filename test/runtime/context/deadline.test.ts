/** Law: deadlines only shrink, and a context has ended from the instant of its deadline on, whoever looks. */
import test from 'ava'
import fc from 'fast-check'
import type { Context } from '../../../runtime/context/context.ts'
import { DeadlineError, OverloadError, UsageError } from '../../../runtime/errors.ts'
import { createTestContext } from './support.ts'

test('without a deadline there is no end', (t) => {
  const { ctx, clock } = createTestContext()
  clock.advance(1e9)
  t.is(ctx.deadlineMs, Infinity)
  t.is(ctx.remainingMs, Infinity)
  t.is(ctx.cancellation, undefined)
  t.is(ctx.withTimeout(Infinity).deadlineMs, Infinity)
})

test('ends at its instant, with the deadline as the reason', (t) => {
  const { ctx, clock } = createTestContext({ startMs: 100 })
  const child = ctx.withTimeout(250)
  t.is(child.deadlineMs, 350)
  clock.advance(249.5)
  t.is(child.remainingMs, 0.5)
  t.false(child.isCancelled)
  t.notThrows(() => child.throwIfCancelled())
  clock.advance(0.5)
  t.is(child.remainingMs, 0)
  t.true(child.isCancelled)
  t.is(child.cancellation?.atMs, 350)
  const error = t.throws(() => child.throwIfCancelled(), { instanceOf: DeadlineError })
  t.true(error instanceof OverloadError)
  t.is(error?.code, 'DEADLINE_EXCEEDED')
  t.is(error?.deadlineMs, 350)
  t.false(ctx.isCancelled)
})

test('a timeout of 0 has passed at once', (t) => {
  t.true(createTestContext().ctx.withTimeout(0).isCancelled)
})

test('the deadline counts from its own instant, however late it is looked at', (t) => {
  const { ctx, clock } = createTestContext()
  const [parent, cancel] = ctx.withCancel()
  const child = parent.withTimeout(10)
  clock.advance(50)
  cancel('client left')
  t.true(child.cancellation?.reason instanceof DeadlineError)
  t.is(child.cancellation?.atMs, 10)
  t.is(parent.cancellation?.atMs, 50)
})

test('all that share a deadline end for the same cause', (t) => {
  const { ctx, clock } = createTestContext()
  const parent = ctx.withTimeout(10)
  const [child] = parent.withCancel()
  clock.advance(20)
  t.truthy(child.cancellation)
  t.is(child.cancellation, parent.cancellation)
})

test('a deadline further away than a timer reaches is met all the same', (t) => {
  const { ctx, clock } = createTestContext()
  const farMs = 2 ** 33
  const child = ctx.withTimeout(farMs)
  const calls: number[] = []
  child.onCancel(({ atMs }) => calls.push(atMs))
  clock.advance(farMs - 1)
  t.deepEqual(calls, [])
  clock.advance(1)
  t.deepEqual(calls, [farMs])
  t.is(clock.pending, 0)
})

for (const ms of [-1, -Infinity, Number.NaN]) {
  test(`a timeout of ${ms} ms is refused`, (t) => {
    const error = t.throws(() => createTestContext().ctx.withTimeout(ms), { instanceOf: UsageError })
    t.is(error?.code, 'TIMEOUT_INVALID')
  })
}

test('a deadline that is no instant is refused', (t) => {
  const error = t.throws(() => createTestContext().ctx.withTimeout(5).withDeadline(Number.NaN), {
    instanceOf: UsageError,
  })
  t.is(error?.code, 'DEADLINE_INVALID')
})

test('no sequence of steps moves a deadline away', (t) => {
  const step: fc.Arbitrary<(ctx: Context) => Context> = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }).map((ms) => (ctx: Context) => ctx.withTimeout(ms)),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((atMs) => (ctx: Context) => ctx.withDeadline(atMs)),
    fc.constant((ctx: Context) => ctx.withCancel()[0]),
    fc.constant((ctx: Context) => ctx.withTrace()),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(1000)), { maxLength: 20 }), (steps) => {
      let { ctx, clock } = createTestContext()
      for (const [derive, advanceMs] of steps) {
        const child = derive(ctx)
        t.true(child.deadlineMs <= ctx.deadlineMs)
        t.true(child.remainingMs <= ctx.remainingMs)
        clock.advance(advanceMs)
        t.true(!ctx.isCancelled || child.isCancelled)
        ctx = child
      }
    }),
  )
  t.pass()
})
