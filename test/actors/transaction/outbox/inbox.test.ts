/** Law: a receiver heeds a message once, however often it comes: its note of it and what it does are there together. */
import { forgetReceived, once } from '../../../../actors/transaction/outbox/inbox.ts'
import { type Bench, onBoth } from './bench.ts'

async function counter(bench: Bench) {
  await bench.transact(function* (tx) {
    yield* tx.run('create table counter (n integer)')
    yield* tx.run('insert into counter values (0)')
  })
  return {
    add: (receiver: string, id: string | number) =>
      bench.transact((tx) =>
        once(tx, receiver, id, function* () {
          yield* tx.run('update counter set n = n + 1')
          return 'done'
        }),
      ),
    count: () =>
      bench.transact(function* (tx) {
        return Number((yield* tx.one<{ n: unknown }>('select n from counter')).n)
      }),
  }
}

onBoth('a message that comes again is not heeded again', async (t, bench) => {
  const { add, count } = await counter(bench)
  t.deepEqual(await add('a', 1), { isNew: true, value: 'done' })
  t.deepEqual(await add('a', 1), { isNew: false, value: undefined })
  t.deepEqual(await add('a', '1'), { isNew: false, value: undefined })
  t.is(await count(), 1)
})

onBoth('each receiver has messages of its own', async (t, bench) => {
  const { add, count } = await counter(bench)
  t.true((await add('a', 1)).isNew)
  t.true((await add('b', 1)).isNew)
  t.true((await add('a', 'x')).isNew)
  t.is(await count(), 3)
})

onBoth(
  'what fails has not come, also where the failure is caught within the transaction',
  async (t, bench) => {
    const { add, count } = await counter(bench)
    const failing = (isCaught: boolean) =>
      bench.transact(function* (tx) {
        try {
          yield* once(tx, 'a', 1, function* () {
            yield* tx.run('update counter set n = n + 1')
            throw new RangeError('no')
          })
        } catch (error) {
          if (!isCaught) throw error
        }
      })
    await t.throwsAsync(failing(false), { instanceOf: RangeError })
    await failing(true)
    t.is(await count(), 0)
    t.true((await add('a', 1)).isNew)
    t.is(await count(), 1)
  },
)

onBoth('what is forgotten is new again, and nothing else is', async (t, bench) => {
  const { add } = await counter(bench)
  // The clock of these tests stands at one instant.
  const nowMs = 946_684_800_000
  await add('a', 1)
  await add('b', 1)
  t.is(await bench.transact((tx) => forgetReceived(tx, 'a', 1_000, nowMs + 1_000)), 0)
  t.is(await bench.transact((tx) => forgetReceived(tx, 'a', 1_000, nowMs + 1_001)), 1)
  t.true((await add('a', 1)).isNew)
  t.false((await add('b', 1)).isNew)
})
