/** Law: a fifo is an array with `push`, `unshift` and `shift`, whatever its ring does below. */
import test from 'ava'
import fc from 'fast-check'
import { Fifo } from '../../../runtime/mailbox/fifo.ts'

type Step =
  | { do: 'push' | 'unshift'; count: number }
  | { do: 'shift'; count: number }
  | { do: 'remove'; at: number }
  | { do: 'clear' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('unshift' as const), count: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('shift' as const), count: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), at: fc.nat(60) }) },
    fc.constant<Step>({ do: 'clear' }),
  ),
)

test('any history gives what an array gives', (t) => {
  fc.assert(
    fc.property(steps, (history) => {
      const fifo = new Fifo<number>()
      const model: number[] = []
      let next = 0
      for (const step of history) {
        if (step.do === 'push') {
          for (let i = 0; i < step.count; i++) {
            fifo.push(next)
            model.push(next++)
          }
        } else if (step.do === 'unshift') {
          for (let i = 0; i < step.count; i++) {
            fifo.unshift(next)
            model.unshift(next++)
          }
        } else if (step.do === 'shift') {
          for (let i = 0; i < step.count; i++) t.is(fifo.shift(), model.shift())
        } else if (step.do === 'remove') {
          const item = model[step.at] ?? -1
          t.is(fifo.remove(item), step.at < model.length)
          if (step.at < model.length) model.splice(step.at, 1)
        } else {
          fifo.clear()
          model.length = 0
        }
        t.is(fifo.size, model.length)
        t.is(fifo.peek(), model[0])
        t.deepEqual([...fifo], model)
        t.deepEqual(
          Array.from({ length: fifo.size + 1 }, (_, index) => fifo.at(index)),
          [...model, undefined],
        )
      }
    }),
  )
  t.pass()
})

test('the memory of a burst is given back once it is over, a small ring is kept', (t) => {
  const fifo = new Fifo<number>()
  const ring = () => (fifo as unknown as { ring: unknown[] }).ring
  for (let i = 0; i < 100_000; i++) fifo.push(i)
  for (let i = 0; i < 100_000; i++) t.is(fifo.shift(), i)
  t.is(ring().length, 8)
  for (let i = 0; i < 100; i++) fifo.push(i)
  const kept = ring()
  for (let i = 0; i < 100; i++) fifo.shift()
  t.is(ring(), kept)
  t.true(kept.every((slot) => slot === undefined))
})

test('the memory of a burst is given back too when it was removed', (t) => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 5_000; i++) fifo.push(i)
  for (let i = 0; i < 5_000; i++) fifo.removeAt(i % 2 === 0 ? 0 : fifo.size - 1)
  t.is(fifo.size, 0)
  t.is((fifo as unknown as { ring: unknown[] }).ring.length, 8)
})
