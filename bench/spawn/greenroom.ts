/**
 * greenroom: behaviours with their default mailboxes, spawned by the system, each in a context. Nothing is switched off.
 * With `--inspected` an observer that does nothing is attached, so that every actor has its xstate actor.
 */

import type { Ref } from '../../runtime/index.ts'
import { behaviour, createSystem } from '../built.ts'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ACTORS_PER_BATCH, bytesPerActor, Countdown } from './work.ts'

interface Add {
  type: 'add'
  n: number
}

const isInspected = process.argv.includes('--inspected')
const system = createSystem(isInspected ? { inspect: () => {} } : {})
const { ctx } = system
const handled = new Countdown()

const adder = behaviour({
  initial: 'adding',
  data: () => ({ sum: 0 }),
  states: {
    adding: {
      add: ({ data }, { n }: Add) => {
        data.sum += n
        handled.tick()
      },
    },
  },
})

async function spawnAndMessage(count: number): Promise<readonly Ref<Add>[]> {
  const allHandled = handled.start(count)
  const actors = Array.from({ length: count }, () => system.spawn(ctx, adder))
  for (const actor of actors) actor.send(ctx, { type: 'add', n: 1 })
  await allHandled
  return actors
}

await answerMeasures({
  'spawn-message-stop': (seconds) =>
    nsPerOperation(seconds, async () => {
      const actors = await spawnAndMessage(ACTORS_PER_BATCH)
      await Promise.all(actors.map((actor) => actor.stop()))
      return ACTORS_PER_BATCH
    }),
  'bytes per idle actor': () => bytesPerActor(spawnAndMessage),
})
