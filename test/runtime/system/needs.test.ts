/** Law: the keys that a logic needs are in the context of every message, the sender's own first, else the actor's. */
import test from 'ava'
import { MissingContextError } from '../../../runtime/context/context.ts'
import { key } from '../../../runtime/context/key.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Ask } from '../../../runtime/system/ref.ts'
import { inWorld } from './world.ts'

const Tenant = key<string, 'tenant'>('tenant')
const Region = key<string, 'region'>('region')

const kinds = {
  behaviour: behaviour({
    needs: [Tenant, Region],
    initial: 'on',
    states: { on: { who: (_, _event, ctx) => `${ctx.get(Tenant)} in ${ctx.get(Region)}` } },
  }),
  generator: receiving<Ask<{ type: 'who' }, string>, undefined, typeof Tenant | typeof Region>(
    function* ({ receive }) {
      for (;;) {
        const { ctx, reply } = yield* receive('who')
        reply(`${ctx.get(Tenant)} in ${ctx.get(Region)}`)
      }
    },
    { needs: [Tenant, Region] },
  ),
}

for (const kind of ['behaviour', 'generator'] as const) {
  test(
    `a ${kind} finds what it needs: the sender’s, else its own`,
    inWorld(async (t, world) => {
      const own = world.ctx.with(Tenant, 'acme').with(Region, 'eu')
      const ref = world.spawn(own, kinds[kind])
      const who = (ctx: typeof world.ctx) => world.result(ref.ask(ctx, { type: 'who' }))
      t.is(await who(world.ctx), 'acme in eu')
      t.is(await who(world.ctx.with(Tenant, 'umbrella')), 'umbrella in eu')
      t.is(await who(world.ctx.with(Region, 'us').with(Tenant, 'umbrella')), 'umbrella in us')
    }),
  )

  test(
    `a ${kind} is not spawned without what it needs, should the types have been passed by`,
    inWorld((t, world) => {
      const error = t.throws(() => world.spawn(world.ctx.with(Tenant, 'acme') as never, kinds[kind]), {
        instanceOf: MissingContextError,
      })
      t.regex(error.message, /no "region" in this context.*"tenant"/)
      t.is(world.system.actors, 0)
    }),
  )
}

test(
  'deadline, cancellation and trace are the sender’s, whatever the actor adds',
  inWorld(async (t, world) => {
    const seen: unknown[] = []
    const actor = behaviour({
      needs: [Tenant],
      initial: 'on',
      states: {
        on: { note: (_, _event, ctx) => void seen.push(ctx.remainingMs, ctx.trace.traceId, ctx.get(Tenant)) },
      },
    })
    const ref = world.spawn(world.ctx.with(Tenant, 'acme'), actor)
    const ctx = world.ctx.withTrace().withTimeout(30)
    ref.send(ctx, { type: 'note' })
    world.turns()
    t.deepEqual(seen, [30, ctx.trace.traceId, 'acme'])
    await world.advance(30)
  }),
)

test(
  'an actor’s own context holds what it was spawned under',
  inWorld((t, world) => {
    const seen: string[] = []
    const actor = behaviour({
      needs: [Tenant],
      initial: 'on',
      data: (_: undefined, ctx) => ctx.get(Tenant),
      start: ({ ctx }, given) => void seen.push(ctx.get(Tenant), given.get(Tenant)),
      states: { on: { note: (scope) => void seen.push(scope.ctx.get(Tenant), scope.data) } },
    })
    world.spawn(world.ctx.with(Tenant, 'acme'), actor).send(world.ctx, { type: 'note' })
    world.turns()
    t.deepEqual(seen, ['acme', 'acme', 'acme', 'acme'])
  }),
)
