/** A million actors that have handled one message each and wait for the next. */

import type { ActorSystem } from '../../runtime/index.ts'
import { behaviour } from '../built.ts'
import { Countdown } from '../spawn/work.ts'
import { IDLE_ACTORS, IDLE_BATCH } from './work.ts'

const handled = new Countdown()

const adder = behaviour({
  initial: 'adding',
  data: () => ({ sum: 0 }),
  states: {
    adding: {
      add: ({ data }, { n }: { type: 'add'; n: number }) => {
        data.sum += n
        handled.tick()
      },
    },
  },
})

/** What the operating system holds in memory for the process, with Node's own code and tables. A MB is 2^20 bytes. */
export async function residentMb(system: ActorSystem): Promise<number> {
  await spawnAll(system)
  return process.memoryUsage.rss() / 2 ** 20
}

/** On the heap and beside it. A MB is 2^20 bytes. */
export async function heapMb(system: ActorSystem): Promise<number> {
  await spawnAll(system)
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

/** For a process of its own: nothing that it makes is given back. */
async function spawnAll(system: ActorSystem): Promise<void> {
  const { ctx } = system
  for (let made = 0; made < IDLE_ACTORS; made += IDLE_BATCH) {
    const allHandled = handled.start(IDLE_BATCH)
    for (let n = 0; n < IDLE_BATCH; n++) system.spawn(ctx, adder).send(ctx, { type: 'add', n: 1 })
    await allHandled
  }
  if (system.actors !== IDLE_ACTORS) throw new Error(`${system.actors} live, not ${IDLE_ACTORS}`)
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('run node with --expose-gc')
  // Twice, with a trip through the event loop: finalisers run in between and let go of more.
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
}
