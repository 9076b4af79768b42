/**
 * Law: to whoever uses `then`, `catch` and `finally` a deferred is a promise.
 *
 * A random program makes cells, hangs handlers on what there is, and settles cells, in any order; it runs once with
 * deferreds and once with promises. Where handlers give plain values, both run the same handlers with the same arguments
 * in the same order. Where they give other cells, a promise takes two microtasks more than a deferred to adopt, so the
 * order between branches differs; what each handler is told, and how each cell ends, does not.
 */
import test from 'ava'
import fc from 'fast-check'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { microtasksDone, RecordingWatch } from './support.ts'

type Handler = { does: 'none' | 'return' | 'throw'; n: number } | { does: 'adopt'; cell: number }
type Step =
  | { do: 'make' }
  | { do: 'then'; cell: number; onValue: Handler; onError: Handler }
  | { do: 'catch' | 'finally'; cell: number; handler: Handler }
  | { do: 'resolve' | 'reject'; cell: number; n: number }
  | { do: 'follow'; cell: number; other: number }
  | { do: 'pause' }

interface Cell {
  readonly handle: PromiseLike<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

const index = fc.nat(30)
const plainHandler: fc.Arbitrary<Handler> = fc.record({
  does: fc.constantFrom('none' as const, 'return' as const, 'throw' as const),
  n: fc.nat(99),
})
const anyHandler: fc.Arbitrary<Handler> = fc.oneof(
  { weight: 3, arbitrary: plainHandler },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('adopt' as const), cell: index }) },
)

function steps(handler: fc.Arbitrary<Handler>, others: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constant<Step>({ do: 'make' }),
    fc.constant<Step>({ do: 'pause' }),
    fc.record({ do: fc.constant('then' as const), cell: index, onValue: handler, onError: handler }),
    fc.record({ do: fc.constant('catch' as const), cell: index, handler }),
    fc.record({ do: fc.constantFrom('resolve' as const, 'reject' as const), cell: index, n: fc.nat(99) }),
    ...others,
  )
  return fc.array(step, { maxLength: 40 })
}

/** Runs a program; gives the calls of handlers in their order, and how the cells ended. */
async function run(program: readonly Step[], make: () => Cell): Promise<{ calls: string[]; ends: string[] }> {
  const calls: string[] = []
  const cells: Cell[] = [make()]
  const at = (n: number) => cells[n % cells.length] as Cell
  const derive = (handle: PromiseLike<unknown>) => cells.push({ handle, resolve() {}, reject() {} })
  for (const [n, step] of program.entries()) {
    const handler = (kind: string, what: Handler, upTo: number) =>
      what.does === 'none'
        ? undefined
        : (...args: unknown[]) => {
            calls.push(`${n} ${kind} ${args.map(String)}`)
            if (what.does === 'throw') throw new Error(`thrown ${what.n}`)
            // Only what was there before, so that no cell waits for itself.
            return what.does === 'adopt' ? cells[what.cell % upTo]?.handle : what.n
          }
    if (step.do === 'pause') await microtasksDone()
    else if (step.do === 'make') cells.push(make())
    else if (step.do === 'then') {
      const [onValue, onError] = [
        handler('value', step.onValue, cells.length),
        handler('error', step.onError, cells.length),
      ]
      derive(at(step.cell).handle.then(onValue, onError))
    } else if (step.do === 'catch') {
      derive((at(step.cell).handle as Promise<unknown>).catch(handler('catch', step.handler, cells.length)))
    } else if (step.do === 'finally') {
      derive(
        (at(step.cell).handle as Promise<unknown>).finally(handler('finally', step.handler, cells.length)),
      )
    } else if (step.do === 'resolve') at(step.cell).resolve(step.n)
    else if (step.do === 'reject') at(step.cell).reject(new Error(`rejected ${step.n}`))
    else if (step.do === 'follow') {
      const [from, to] = [step.cell % cells.length, step.other % cells.length]
      if (to < from) (cells[from] as Cell).resolve((cells[to] as Cell).handle)
    }
  }
  await microtasksDone()
  const ends = cells.map(() => 'pending')
  cells.forEach(({ handle }, n) => {
    handle.then(
      (value) => {
        ends[n] = `value ${value}`
      },
      (error) => {
        ends[n] = `error ${error}`
      },
    )
  })
  await microtasksDone()
  return { calls, ends }
}

function deferredCell(): Cell {
  const handle = new Deferred<unknown>(undefined, new RecordingWatch())
  return { handle, resolve: (value) => handle.resolve(value), reject: (error) => handle.reject(error) }
}

function promiseCell(): Cell {
  let resolve: (value: unknown) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const handle = new Promise<unknown>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { handle: handled(handle), resolve, reject }
}

/** A promise whose descendants may fail without Node reporting them. */
function handled<T>(promise: Promise<T>): Promise<T> {
  Promise.prototype.then.call(promise, undefined, () => {})
  const then = (...args: Parameters<typeof promise.then>) =>
    handled(Promise.prototype.then.apply(promise, args))
  // `catch` and `finally` of a promise call its `then`.
  Object.defineProperty(promise, 'then', { value: then })
  return promise
}

test('plain programs run the same handlers in the same order', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps(plainHandler, []), async (program) => {
      t.deepEqual(await run(program, deferredCell), await run(program, promiseCell))
    }),
    { numRuns: 500 },
  )
  t.pass()
})

test('programs that adopt and clean up tell each handler the same and end the same', async (t) => {
  const others: fc.Arbitrary<Step>[] = [
    fc.record({ do: fc.constant('finally' as const), cell: index, handler: anyHandler }),
    fc.record({ do: fc.constant('follow' as const), cell: index, other: index }),
  ]
  await fc.assert(
    fc.asyncProperty(steps(anyHandler, others), async (program) => {
      const [ours, native] = [await run(program, deferredCell), await run(program, promiseCell)]
      t.deepEqual(ours.calls.sort(), native.calls.sort())
      t.deepEqual(ours.ends, native.ends)
    }),
    { numRuns: 500 },
  )
  t.pass()
})
