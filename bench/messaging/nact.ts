/** nact: plain actors and its `query`. */

import { dispatch, query, type Ref, spawn, start } from 'nact'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { ASKS_PER_BATCH, HOPS_PER_GAME, Signal, TELLS_PER_BATCH } from './work.ts'

/** How long a query may wait; its timer is part of what an ask costs. */
const QUERY_TIMEOUT_MS = 5_000

const system = start()

interface Add {
  n: number
  isLast: boolean
}
const counted = new Signal()
const counter = spawn(
  system,
  (sum: number, { n, isLast }: Add): number => {
    if (isLast) counted.give()
    return sum + n
  },
  'counter',
  { initialState: 0 },
)

interface Ask {
  n: number
  sender: Ref<number>
}
const teller = spawn(
  system,
  (sum: number, { n, sender }: Ask): number => {
    dispatch(sender, sum + n)
    return sum + n
  },
  'teller',
  { initialState: 0 },
)

interface Ball {
  left: number
  to: Ref<Ball>
  from: Ref<Ball>
}
const over = new Signal()
function player(state: null, { left, to, from }: Ball): null {
  if (left === 1) over.give()
  else dispatch(to, { left: left - 1, to: from, from: to })
  return state
}
const ping: Ref<Ball> = spawn(system, player, 'ping', { initialState: null })
const pong: Ref<Ball> = spawn(system, player, 'pong', { initialState: null })

await answerMeasures({
  tell: (seconds) =>
    nsPerOperation(seconds, async () => {
      const done = counted.wait()
      for (let n = 1; n <= TELLS_PER_BATCH; n++) dispatch(counter, { n, isLast: n === TELLS_PER_BATCH })
      await done
      return TELLS_PER_BATCH
    }),
  'ping-pong': (seconds) =>
    nsPerOperation(seconds, async () => {
      const played = over.wait()
      dispatch(ping, { left: HOPS_PER_GAME, to: pong, from: ping })
      await played
      return HOPS_PER_GAME
    }),
  ask: (seconds) =>
    nsPerOperation(seconds, async () => {
      for (let n = 0; n < ASKS_PER_BATCH; n++) {
        await query(teller, (sender: Ref<number>): Ask => ({ n, sender }), QUERY_TIMEOUT_MS)
      }
      return ASKS_PER_BATCH
    }),
})
