/**
 * greenroom: behaviours with their default mailboxes, a context with every message, the system's own pump. Nothing is
 * switched off, and the sender looks at every answer. With `--inspected` an observer that does nothing is attached, so
 * that every actor has its xstate actor and every message goes through it.
 */

import type { Ref } from '../../runtime/index.ts'
import { behaviour, createSystem } from '../built.ts'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ASKS_PER_BATCH, HOPS_PER_GAME, Signal, TELLS_PER_BATCH } from './work.ts'

const isInspected = process.argv.includes('--inspected')
const system = createSystem(isInspected ? { inspect: () => {} } : {})
const { ctx } = system

interface Add {
  type: 'add'
  n: number
}
interface Ask {
  type: 'ask'
  n: number
}
const counted = new Signal()
const counter = system.spawn(
  ctx,
  behaviour({
    initial: 'counting',
    data: () => ({ sum: 0 }),
    states: {
      counting: {
        add: ({ data }, { n }: Add) => {
          data.sum += n
          if (n === TELLS_PER_BATCH) counted.give()
        },
        ask: ({ data }, { n }: Ask) => {
          data.sum += n
          return data.sum
        },
      },
    },
  }),
)

interface Ball {
  type: 'ball'
  left: number
  to: Ref<Ball>
  from: Ref<Ball>
}
const over = new Signal()
const player = behaviour({
  initial: 'playing',
  data: () => ({}),
  states: {
    playing: {
      ball: (_self, { left, to, from }: Ball, ctx) => {
        if (left === 1) over.give()
        else to.send(ctx, { type: 'ball', left: left - 1, to: from, from: to })
      },
    },
  },
})
const ping = system.spawn(ctx, player)
const pong = system.spawn(ctx, player)

await answerMeasures({
  tell: (seconds) =>
    nsPerOperation(seconds, async () => {
      const done = counted.wait()
      for (let n = 1; n <= TELLS_PER_BATCH; n++) {
        const answer = counter.send(ctx, { type: 'add', n })
        if (answer !== 'accepted') throw new Error(`tell ${n} was refused: ${answer}`)
      }
      await done
      return TELLS_PER_BATCH
    }),
  'ping-pong': (seconds) =>
    nsPerOperation(seconds, async () => {
      const played = over.wait()
      ping.send(ctx, { type: 'ball', left: HOPS_PER_GAME, to: pong, from: ping })
      await played
      return HOPS_PER_GAME
    }),
  ask: (seconds) =>
    nsPerOperation(seconds, async () => {
      for (let n = 0; n < ASKS_PER_BATCH; n++) await counter.ask(ctx, { type: 'ask', n })
      return ASKS_PER_BATCH
    }),
})
