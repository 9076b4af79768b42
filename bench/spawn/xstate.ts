/**
 * xstate alone, with `fromTransition`. For the cycle, actors of their own, as `createActor` gives them; idle ones are
 * children of one root, which share its system and weigh half.
 */

import { createActor, fromTransition } from 'xstate'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ACTORS_PER_BATCH, bytesPerActor } from './work.ts'

const logic = fromTransition((sum: number, event: { type: 'add'; n: number }) => sum + event.n, 0)
const root = createActor(logic).start()

await answerMeasures({
  'spawn-message-stop': (seconds) =>
    nsPerOperation(seconds, () => {
      const actors = Array.from({ length: ACTORS_PER_BATCH }, () => createActor(logic).start())
      for (const actor of actors) actor.send({ type: 'add', n: 1 })
      for (const actor of actors) actor.stop()
      return ACTORS_PER_BATCH
    }),
  'bytes per idle actor': () =>
    bytesPerActor(async (count) => {
      const actors = Array.from({ length: count }, () => createActor(logic, { parent: root }).start())
      for (const actor of actors) actor.send({ type: 'add', n: 1 })
      return actors
    }),
})
