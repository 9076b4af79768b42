/** Law: what ends above ends below, for the first cause; listeners hear of it once, and nothing stays of those that go. */
import test from 'ava'
import fc from 'fast-check'
import { type Cancellation, CancelScope } from '../../../runtime/context/cancellation.ts'
import { DeadlineError } from '../../../runtime/errors.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { createTestContext } from './support.ts'

test('runs down the tree, not up and not sideways, and tells reason and instant', (t) => {
  const { ctx, clock } = createTestContext()
  const [parent, cancel] = ctx.withCancel()
  const [child] = parent.withCancel()
  const [sibling] = ctx.withCancel()
  clock.advance(3)
  t.true(cancel('client left'))
  t.deepEqual(child.cancellation, { reason: 'client left', atMs: 3 })
  t.is(child.cancellation, parent.cancellation)
  t.is(sibling.cancellation, undefined)
  t.is(ctx.cancellation, undefined)
})

test('the first cause wins, above and below', (t) => {
  const { ctx } = createTestContext()
  const [parent, cancelParent] = ctx.withCancel()
  const [child, cancelChild] = parent.withCancel()
  t.true(cancelChild('child'))
  t.true(cancelParent('parent'))
  t.false(cancelParent('again'))
  t.false(cancelChild('again'))
  t.is(child.cancellation?.reason, 'child')
  t.is(parent.cancellation?.reason, 'parent')
})

test('a deadline comes before a cancellation of the same instant, whether anybody listens or not', (t) => {
  for (const isHeard of [false, true]) {
    const { ctx, clock } = createTestContext()
    const [parent, cancel] = ctx.withCancel()
    const child = parent.withTimeout(5)
    if (isHeard) child.onCancel(() => {})
    // A reactor that fires timers later, in its turn.
    clock.onDue = () => {}
    clock.advance(5)
    cancel('client left')
    t.true(child.cancellation?.reason instanceof DeadlineError)
    t.is(parent.cancellation?.reason, 'client left')
  }
})

test('listeners are told once, in order of arrival, parents before children', (t) => {
  const { ctx } = createTestContext()
  const [parent, cancel] = ctx.withCancel()
  const [child] = parent.withCancel()
  const [grandchild] = child.withCancel()
  const calls: string[] = []
  const listen = (to: typeof ctx, name: string) => to.onCancel(() => calls.push(name))
  listen(grandchild, 'grandchild')
  listen(child, 'child 1')
  listen(parent, 'parent 1')
  listen(child, 'child 2')
  listen(parent, 'parent 2')
  cancel()
  cancel()
  t.deepEqual(calls, ['parent 1', 'parent 2', 'child 1', 'child 2', 'grandchild'])
})

test('a listener sees the whole tree ended', (t) => {
  const { ctx } = createTestContext()
  const [parent, cancel] = ctx.withCancel()
  const [child, cancelChild] = parent.withCancel()
  child.onCancel(() => {})
  parent.onCancel(() => {
    t.true(child.isCancelled)
    t.false(cancelChild('too late'))
  })
  t.plan(2)
  cancel('first')
})

test('one function may listen twice, and each is removed alone, as often as one likes', (t) => {
  const [ctx, cancel] = createTestContext().ctx.withCancel()
  let calls = 0
  const listener = () => {
    calls += 1
  }
  const stop = ctx.onCancel(listener)
  ctx.onCancel(listener)
  stop()
  stop()
  cancel()
  stop()
  t.is(calls, 1)
})

test('whoever stops listening during the cancellation is not told any more', (t) => {
  const [ctx, cancel] = createTestContext().ctx.withCancel()
  const [child] = ctx.withCancel()
  ctx.onCancel(() => {
    stopSibling()
    stopChild()
  })
  const stopSibling = ctx.onCancel(() => t.fail())
  const stopChild = child.onCancel(() => t.fail())
  cancel()
  t.pass()
})

test('whoever comes late is told at once', (t) => {
  const [ctx, cancel] = createTestContext().ctx.withCancel()
  cancel('over')
  const seen: unknown[] = []
  ctx.onCancel(({ reason }) => seen.push(reason))
  t.deepEqual(seen, ['over'])
})

test('nothing is left behind: no timer, and the parent holds nobody', (t) => {
  const { ctx, clock } = createTestContext()
  const request = ctx.withTimeout(100)
  const [deeper] = request.withTimeout(50).withCancel()
  const stops = [request, deeper, deeper].map((one) => one.onCancel(() => {}))
  t.is(clock.pending, 2)
  for (const stop of stops) stop()
  t.is(clock.pending, 0)
  t.is(childrenOf(ctx), 0)
})

test('a child that ends is forgotten by its parent, and so are ancestors linked for it alone', (t) => {
  const { ctx, clock } = createTestContext()
  const [child, cancel] = ctx.withTimeout(1000).withCancel()
  child.onCancel(() => {})
  t.is(clock.pending, 1)
  cancel()
  t.is(clock.pending, 0)
  t.is(childrenOf(ctx), 0)
})

test('a hundred thousand children that were listened to for a while leave nothing', (t) => {
  const { ctx, clock } = createTestContext()
  const [parent, cancel] = ctx.withTimeout(60_000).withCancel()
  const stopParent = parent.onCancel(() => {})
  for (let i = 0; i < 100_000; i++) parent.withTimeout(i % 5000).onCancel(() => {})()
  t.is(clock.pending, 1)
  t.is(childrenOf(parent), 0)
  stopParent()
  t.is(clock.pending, 0)
  t.true(cancel())
})

test('a tree of any depth is asked, linked, ended and unlinked without stack growth', (t) => {
  const clock = createManualClock()
  const root = new CancelScope(clock)
  let deepest = root
  for (let i = 0; i < 100_000; i++) deepest = new CancelScope(clock, deepest, 200_000 - i)
  t.is(deepest.cause, undefined)
  const stop = deepest.listen(() => t.fail())
  t.is(clock.pending, 100_000)
  stop()
  t.is(clock.pending, 0)
  const seen: unknown[] = []
  deepest.listen(({ reason }) => seen.push(reason))
  root.cancel('end')
  t.deepEqual(seen, ['end'])
  t.is(clock.pending, 0)
})

function childrenOf(ctx: unknown): number {
  return (ctx as { scope: { children?: Set<unknown> } }).scope.children?.size ?? 0
}

/** What a random history does to a random tree of scopes. */
type Step =
  | { do: 'derive'; from: number; timeoutMs: number | undefined }
  | { do: 'cancel' | 'look' | 'listen'; scope: number }
  | { do: 'unlisten'; listener: number }
  | { do: 'advance'; ms: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('derive' as const),
        from: fc.nat(),
        timeoutMs: fc.option(fc.nat(12), { nil: undefined }),
      }),
    },
    fc.record({ do: fc.constantFrom('cancel' as const, 'look' as const), scope: fc.nat() }),
    { weight: 2, arbitrary: fc.record({ do: fc.constant('listen' as const), scope: fc.nat() }) },
    fc.record({ do: fc.constant('unlisten' as const), listener: fc.nat() }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.nat(5) }),
  ),
  { maxLength: 60 },
)

interface ModelScope {
  readonly scope: CancelScope
  readonly parent: ModelScope | undefined
  readonly deadlineMs: number
  cancelled: { reason: string; atMs: number; order: number } | undefined
}

/** By the law alone: of all that ended this scope or one above, what came first. */
function firstCause(model: ModelScope, nowMs: number): { reason: string; atMs: number } | undefined {
  const causes: { reason: string; atMs: number; order: number }[] = []
  for (let at: ModelScope | undefined = model; at !== undefined; at = at.parent) {
    if (at.deadlineMs <= nowMs) causes.push({ reason: 'deadline', atMs: at.deadlineMs, order: -1 })
    if (at.cancelled !== undefined) causes.push(at.cancelled)
  }
  causes.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
  return causes[0]
}

function summary(cause: Cancellation | undefined): { reason: unknown; atMs: number } | undefined {
  if (cause === undefined) return undefined
  return { reason: cause.reason instanceof DeadlineError ? 'deadline' : cause.reason, atMs: cause.atMs }
}

test('in any tree with any history, every scope has the first cause of its path, and every listener heard it once', (t) => {
  fc.assert(
    fc.property(steps, (history) => {
      const clock = createManualClock()
      const root = new CancelScope(clock)
      const models: ModelScope[] = [
        { scope: root, parent: undefined, deadlineMs: Infinity, cancelled: undefined },
      ]
      const listeners: { model: ModelScope; heard: Cancellation[]; stop: () => void; hasStopped: boolean }[] =
        []
      const at = (n: number) => models[n % models.length] as ModelScope
      const causeOf = (model: ModelScope) => {
        const cause = firstCause(model, clock.nowMs())
        return cause && { reason: cause.reason, atMs: cause.atMs }
      }
      history.forEach((step, order) => {
        if (step.do === 'derive') {
          const parent = at(step.from)
          const deadlineMs = step.timeoutMs === undefined ? Infinity : clock.nowMs() + step.timeoutMs
          const scope = new CancelScope(clock, parent.scope, deadlineMs)
          models.push({ scope, parent, deadlineMs, cancelled: undefined })
        } else if (step.do === 'cancel') {
          const model = at(step.scope)
          const isFirst = causeOf(model) === undefined
          const reason = `step ${order}`
          t.is(model.scope.cancel(reason), isFirst)
          if (isFirst) model.cancelled = { reason, atMs: clock.nowMs(), order }
        } else if (step.do === 'look') {
          t.deepEqual(summary(at(step.scope).scope.cause), causeOf(at(step.scope)))
        } else if (step.do === 'listen') {
          const model = at(step.scope)
          const heard: Cancellation[] = []
          listeners.push({
            model,
            heard,
            stop: model.scope.listen((cause) => heard.push(cause)),
            hasStopped: false,
          })
        } else if (step.do === 'unlisten') {
          const listener = listeners[step.listener % listeners.length]
          listener?.stop()
          if (listener !== undefined) listener.hasStopped = true
        } else if (step.do === 'advance') clock.advance(step.ms)
        for (const { model, heard, hasStopped } of listeners) {
          const cause = causeOf(model)
          if (!hasStopped) t.is(heard.length, cause === undefined ? 0 : 1)
          if (heard.length > 0) t.deepEqual(summary(heard[0]), cause)
        }
      })
      for (const { model } of listeners) t.deepEqual(summary(model.scope.cause), causeOf(model))
      for (const { stop } of listeners) stop()
      t.is(clock.pending, 0)
      t.is(childrenOf({ scope: root }), 0)
      for (const model of models) t.deepEqual(summary(model.scope.cause), causeOf(model))
    }),
    { numRuns: 1000 },
  )
  t.pass()
})
