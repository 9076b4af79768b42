/** Law: ages are those of an array of instants, and past the bound of runs nothing looks younger than it is. */
import test from 'ava'
import fc from 'fast-check'
import { AGE_RUNS_MAX, Ages } from '../../../runtime/mailbox/ages.ts'

type Step = { do: 'note'; count: number; laterMs: number } | { do: 'remove'; at: number } | { do: 'unshift' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('note' as const),
        count: fc.integer({ min: 1, max: 5 }),
        laterMs: fc.nat(3),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), at: fc.nat(30) }) },
    fc.constant<Step>({ do: 'unshift' }),
  ),
  // No more notes than runs may be kept.
  { maxLength: AGE_RUNS_MAX },
)

test('any history gives what an array of instants gives', (t) => {
  fc.assert(
    fc.property(steps, (history) => {
      const ages = new Ages()
      const model: number[] = []
      let nowMs = 0
      for (const step of history) {
        if (step.do === 'note') {
          nowMs += step.laterMs
          ages.note(step.count, nowMs)
          model.push(...Array.from({ length: step.count }, () => nowMs))
        } else if (step.do === 'remove') {
          ages.removeAt(step.at)
          model.splice(step.at, 1)
        } else {
          ages.unshift()
          if (model[0] !== undefined) model.unshift(model[0])
        }
        t.is(ages.count, model.length)
        t.is(ages.oldestSinceMs, model[0])
      }
      for (const sinceMs of model) {
        t.is(ages.oldestSinceMs, sinceMs)
        ages.removeAt(0)
      }
      t.is(ages.oldestSinceMs, undefined)
    }),
  )
  t.pass()
})

test('runs of one instant are one run', (t) => {
  const ages = new Ages()
  for (let i = 0; i < 1_000; i++) ages.note(1, i < 500 ? 1 : 2)
  for (let i = 0; i < 499; i++) ages.removeAt(0)
  t.is(ages.oldestSinceMs, 1)
  ages.removeAt(0)
  t.is(ages.oldestSinceMs, 2)
  t.is(ages.count, 500)
})

test('past the bound the newest look as old as the last run, and never younger than they are', (t) => {
  const ages = new Ages()
  const instants = AGE_RUNS_MAX + 10
  for (let nowMs = 0; nowMs < instants; nowMs++) ages.note(1, nowMs)
  for (let sinceMs = 0; sinceMs < instants; sinceMs++) {
    t.is(ages.oldestSinceMs, Math.min(sinceMs, AGE_RUNS_MAX - 1))
    ages.removeAt(0)
  }
  t.is(ages.count, 0)
})
