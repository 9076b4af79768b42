/** Law: however much mail one actor has, another's single message waits for one step of it, and no longer. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import { inWorld } from './world.ts'

const FLOOD = 10_000
const STEP = 32

const limits = { mailboxCapacity: FLOOD, stepEnvelopes: STEP, turnEnvelopes: 1_024 }

test(
  'a message sent before, between or in a flood is handled within one step of the flooded actor',
  inWorld(
    (t, world) => {
      let handled = 0
      const delays: number[] = []
      const quiet = behaviour({
        initial: 'waiting',
        states: {
          waiting: { hello: (_scope, { after }: { after: number }) => void delays.push(handled - after) },
        },
      })
      const hello = world.spawn(world.ctx, quiet)
      const sends = () => hello.send(world.ctx, { type: 'hello', after: handled })
      const flooded = behaviour({
        initial: 'drinking',
        states: {
          drinking: {
            drop: () => {
              handled += 1
              if (handled % 100 === 0) sends()
            },
          },
        },
      })
      const lake = world.spawn(world.ctx, flooded)
      for (let n = 0; n < FLOOD; n++) lake.send(world.ctx, { type: 'drop' })
      sends()
      while (handled < FLOOD) {
        world.turn()
        sends()
      }
      world.turns()
      t.is(handled, FLOOD)
      t.true(delays.length > FLOOD / 100)
      t.true(Math.max(...delays) <= STEP, `the longest wait was ${Math.max(...delays)} envelopes`)
    },
    { limits },
  ),
)

test(
  'of many that are flooded, each has its step before any has its second',
  inWorld(
    (t, world) => {
      const order: number[] = []
      const noting = receiving<{ type: 'drop' }, number>(function* ({ receive, input }) {
        for (;;) {
          yield* receive()
          if (order.at(-1) !== input) order.push(input)
        }
      })
      const actors = [0, 1, 2, 3].map((input) => world.spawn(world.ctx, noting, { input }))
      for (const actor of actors) {
        for (let n = 0; n < STEP * 3; n++) actor.send(world.ctx, { type: 'drop' })
      }
      world.turns()
      t.deepEqual(order, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
    },
    { limits },
  ),
)
