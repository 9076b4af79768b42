/** Law: what is under way is found by its number, in order, also where numbers go round and some stay for long. */
import test from 'ava'
import fc from 'fast-check'
import { Numbered } from '../../../runtime/worker/numbered.ts'

interface Item {
  readonly id: number
}

type Step =
  | { readonly do: 'add' }
  | { readonly do: 'delete' | 'get' | 'deleteAgain'; readonly pick: number }
  | { readonly do: 'clear' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.constant({ do: 'add' } as const) },
  // The first of them are the oldest: most are taken back in about the order in which they were given.
  { weight: 30, arbitrary: fc.record({ do: fc.constant('delete' as const), pick: fc.nat(3) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('delete' as const), pick: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteAgain' as const), pick: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('get' as const), pick: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' } as const) },
)

/** Near both ends of what a number may be, and around 0. */
const origin = fc.constantFrom(0, -3, 2 ** 31 - 20, -(2 ** 31) + 5)

test('it holds what a map holds, in the order in which that came', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      origin,
      fc.array(step, { minLength: 20, maxLength: 200, size: 'max' }),
      (usually, first, steps) => {
        const numbered = new Numbered<Item>(usually)
        const model = new Map<number, Item>()
        const gone: number[] = []
        let lastId = first
        const picked = (pick: number): number => [...model.keys()][pick % model.size] ?? 0
        for (const now of steps) {
          if (now.do === 'add') {
            lastId = (lastId + 1) | 0
            const item = { id: lastId }
            numbered.add(item)
            model.set(item.id, item)
          } else if (now.do === 'clear') {
            gone.push(...model.keys())
            numbered.clear()
            model.clear()
          } else if (now.do === 'deleteAgain') {
            if (gone.length > 0) t.false(numbered.delete(gone[now.pick % gone.length] as number))
          } else if (model.size > 0) {
            const id = picked(now.pick)
            t.is(numbered.get(id), model.get(id))
            if (now.do === 'get') continue
            t.true(numbered.delete(id))
            model.delete(id)
            gone.push(id)
            t.is(numbered.get(id), undefined)
          }
          t.is(numbered.size, model.size)
        }
        t.deepEqual(
          numbered.values().map(({ id }) => id),
          [...model.keys()],
        )
      },
    ),
  )
})

test('one that stays while thousands come and go is found', (t) => {
  const numbered = new Numbered<Item>(4)
  const stayed = { id: 1 }
  numbered.add(stayed)
  for (let id = 2; id < 5_000; id++) {
    numbered.add({ id })
    if (id > 3) numbered.delete(id - 2)
  }
  t.is(numbered.get(1), stayed)
  t.deepEqual(
    numbered.values().map(({ id }) => id),
    [1, 4_998, 4_999],
  )
})

test('numbers that go round come in the order in which they were given', (t) => {
  const numbered = new Numbered<Item>(2)
  const ids = [2 ** 31 - 2, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1]
  for (const id of ids) numbered.add({ id })
  t.deepEqual(
    numbered.values().map(({ id }) => id),
    ids,
  )
})
