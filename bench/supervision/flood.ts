/** One actor works off a million messages; how long does a single message to another one wait meanwhile? */

import type { ActorSystem } from '../../runtime/index.ts'
import { behaviour } from '../built.ts'
import { Countdown } from '../spawn/work.ts'
import { Delays } from './delays.ts'
import { FLOOD, nextGap } from './work.ts'

/** The single message that is under way. */
interface UnderWay {
  readonly sentMs: number
  /** How many of the flood had been handled. */
  readonly sentAfter: number
}

/** Floods an actor and waits until it has worked all of it off. */
export async function flood(system: ActorSystem): Promise<Delays> {
  const { ctx } = system
  const delays = new Delays()
  const over = new Countdown()
  let underWay: UnderWay | undefined
  let handled = 0
  let gap = 0
  /** How many of the flood are handled before the next single message is sent. */
  let left = 0

  const other = system.spawn(
    ctx,
    behaviour({
      initial: 'waiting',
      states: {
        waiting: {
          single: (_self, _event: { type: 'single' }) => {
            if (underWay === undefined) throw new Error('nothing was sent')
            delays.add((performance.now() - underWay.sentMs) * 1e3, handled - underWay.sentAfter)
            underWay = undefined
            gap = nextGap(gap)
            left = gap
          },
        },
      },
    }),
  )
  const flooded = system.spawn(
    ctx,
    behaviour({
      initial: 'flooded',
      states: {
        flooded: {
          more: (_self, _event: { type: 'more' }, ctx) => {
            handled += 1
            over.tick()
            if (underWay !== undefined || --left > 0) return
            underWay = { sentMs: performance.now(), sentAfter: handled }
            other.send(ctx, { type: 'single' })
          },
        },
      },
    }),
    { mailbox: { capacity: FLOOD } },
  )

  const isOver = over.start(FLOOD)
  for (let n = 0; n < FLOOD; n++) {
    const answer = flooded.send(ctx, { type: 'more' })
    if (answer !== 'accepted') throw new Error(`message ${n} of the flood was refused: ${answer}`)
  }
  await isOver
  await Promise.all([flooded.stop(), other.stop()])
  return delays
}
