/**
 * xstate alone, with `fromTransition`: the lightest logic that its users write. (A hand-made logic object that changes
 * its snapshot in place, which is what greenroom stands on, takes about 45 ns a send.) Its send runs the receiver at
 * once, on the sender's stack; there is no bound, no context and no ask, so a question carries its answer's callback.
 */

import { type ActorRefFrom, createActor, fromTransition } from 'xstate'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ASKS_PER_BATCH, HOPS_PER_GAME, Signal, TELLS_PER_BATCH } from './work.ts'

type CounterEvent = { type: 'add'; n: number } | { type: 'ask'; n: number; reply: (sum: number) => void }

const counterLogic = fromTransition((sum: number, event: CounterEvent) => {
  const next = sum + event.n
  if (event.type === 'ask') event.reply(next)
  return next
}, 0)

interface Ball {
  type: 'ball'
  left: number
  to: PlayerRef
  from: PlayerRef
}
type PlayerRef = ActorRefFrom<typeof playerLogic>

const over = new Signal()
const playerLogic = fromTransition((state: null, { left, to, from }: Ball): null => {
  if (left === 1) over.give()
  else to.send({ type: 'ball', left: left - 1, to: from, from: to })
  return state
}, null)

const counter = createActor(counterLogic).start()
const ping = createActor(playerLogic).start()
const pong = createActor(playerLogic).start()

await answerMeasures({
  tell: (seconds) =>
    nsPerOperation(seconds, () => {
      for (let n = 0; n < TELLS_PER_BATCH; n++) counter.send({ type: 'add', n })
      return TELLS_PER_BATCH
    }),
  'ping-pong': (seconds) =>
    nsPerOperation(seconds, async () => {
      const played = over.wait()
      ping.send({ type: 'ball', left: HOPS_PER_GAME, to: pong, from: ping })
      await played
      return HOPS_PER_GAME
    }),
  ask: (seconds) =>
    nsPerOperation(seconds, async () => {
      for (let n = 0; n < ASKS_PER_BATCH; n++) {
        await new Promise<number>((reply) => counter.send({ type: 'ask', n, reply }))
      }
      return ASKS_PER_BATCH
    }),
})
