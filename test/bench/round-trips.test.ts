/** Laws: so many questions are under way as are to be, never more; each answer is looked at; who waits is served in order. */
import test from 'ava'
import { Fifo } from '../../bench/threads/fifo.ts'
import { type Add, runLanes } from '../../bench/threads/round-trips.ts'

/** A thread that answers all that it has been asked at once, when nothing else is left to do. */
function thread(answer: (n: number) => number) {
  let waiting: { readonly n: number; readonly resolve: (answer: number) => void }[] = []
  let most = 0
  const answerAll = () => {
    const batch = waiting
    waiting = []
    most = Math.max(most, batch.length)
    for (const { n, resolve } of batch) resolve(answer(n))
  }
  const ask = ({ n }: Add) =>
    new Promise<number>((resolve) => {
      if (waiting.length === 0) setImmediate(answerAll)
      waiting.push({ n, resolve })
    })
  return { ask, most: () => most }
}

for (const inFlight of [1, 7, 64]) {
  test(`${inFlight} are in flight, and no more`, async (t) => {
    const { ask, most } = thread((n) => n + 1)
    const made = await runLanes(ask, inFlight, 200)
    t.is(most(), inFlight)
    t.true(made >= 200 && made < 200 + inFlight)
  })
}

test('no question is asked twice', async (t) => {
  const asked: number[] = []
  await runLanes(({ n }) => Promise.resolve(asked.push(n)).then(() => n + 1), 8, 100)
  t.is(new Set(asked).size, asked.length)
})

test('an answer to another question ends the run', async (t) => {
  const { ask } = thread((n) => (n === 150 ? n + 2 : n + 1))
  await t.throwsAsync(runLanes(ask, 64, 200), { message: 'asked for 150 + 1, answered 152' })
})

test('first in is first out, also where pushes and shifts alternate', (t) => {
  const fifo = new Fifo<number>()
  const out: number[] = []
  for (let n = 0; n < 100; n += 2) {
    fifo.push(n)
    fifo.push(n + 1)
    out.push(fifo.shift())
  }
  while (out.length < 100) out.push(fifo.shift())
  t.deepEqual(
    out,
    Array.from({ length: 100 }, (_, n) => n),
  )
  t.throws(() => fifo.shift(), { instanceOf: RangeError })
})
