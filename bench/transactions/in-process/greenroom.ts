/** greenroom's transactions without HTTP: one by one, and what one that does nothing costs the main thread. */
import { createSystem, silentLog } from '../../built.ts'
import { openDatabase, sqlite } from '../../built-transactions.ts'
import { answerMeasures } from '../../harness/contender.ts'
import { threadCpuUs } from '../../harness/thread-cpu.ts'
import { OneByOne } from '../one-by-one.ts'
import { type Transfers, transfersModule } from '../transfers.ts'

const [, , file = ''] = process.argv
const { ctx } = createSystem({ log: silentLog })
const database = await openDatabase<Transfers>(ctx, {
  driver: sqlite({ file }),
  module: transfersModule,
})

/** As many as connections in the headline: so many commit together as do there. */
const IN_FLIGHT = 128
const PER_LANE = 32

/** Microseconds of this thread for each time that `work` is awaited. */
async function cpuUsOf(seconds: number, work: () => PromiseLike<unknown>): Promise<number> {
  const endMs = performance.now() + seconds * 1e3
  const startUs = threadCpuUs()
  let count = 0
  while (performance.now() < endMs) {
    const lane = async (): Promise<void> => {
      for (let n = 0; n < PER_LANE; n++) await work()
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    count += IN_FLIGHT * PER_LANE
  }
  return (threadCpuUs() - startUs) / count
}

/** As a request has one: an end of its own, and a trace. */
const requestContext = () => ctx.withTimeout(REQUEST_MS).withTrace()
const REQUEST_MS = 30_000

const oneByOne = new OneByOne(file, (transfer) => database.transact(ctx, 'transfer', transfer))
const settled = Promise.resolve()

await answerMeasures({
  alone: (seconds) => oneByOne.measure(seconds),
  async actor(seconds) {
    // What the loop itself costs, and the request's context, is none of the transaction's.
    const emptyUs = await cpuUsOf(seconds / 4, () => {
      requestContext()
      return settled
    })
    const fullUs = await cpuUsOf((seconds * 3) / 4, () => database.transact(requestContext(), 'nothing'))
    return fullUs - emptyUs
  },
})
