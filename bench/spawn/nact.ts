/** nact: plain actors with names of our own, since its random ones collide among 100,000. */

import { dispatch, type Ref, spawn, start, stop } from 'nact'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ACTORS_PER_BATCH, bytesPerActor, Countdown } from './work.ts'

const system = start()
const handled = new Countdown()
const options = { initialState: 0 }

function adder(sum: number, n: number): number {
  handled.tick()
  return sum + n
}

let spawned = 0
async function spawnAndMessage(count: number): Promise<readonly Ref<number>[]> {
  const allHandled = handled.start(count)
  const actors = Array.from({ length: count }, () => spawn(system, adder, `${++spawned}`, options))
  for (const actor of actors) dispatch(actor, 1)
  await allHandled
  return actors
}

await answerMeasures({
  'spawn-message-stop': (seconds) =>
    nsPerOperation(seconds, async () => {
      for (const actor of await spawnAndMessage(ACTORS_PER_BATCH)) stop(actor)
      // Its actors end in a callback of their own, a trip through the event loop later.
      await new Promise((resolve) => setImmediate(resolve))
      return ACTORS_PER_BATCH
    }),
  'bytes per idle actor': () => bytesPerActor(spawnAndMessage),
})
