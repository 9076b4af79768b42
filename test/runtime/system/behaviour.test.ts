/** Law: the present state's table alone says what an event does; what it does not know changes nothing. */
import test from 'ava'
import fc from 'fast-check'
import { describe, UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { inWorld } from './world.ts'

/** A door that counts what it did. */
const door = behaviour({
  initial: 'closed',
  data: () => ({ uses: 0, tries: 0 }),
  states: {
    closed: {
      open: ({ data, become }) => {
        data.uses += 1
        become('open')
      },
      lock: ({ become }) => become('locked'),
      look: ({ state, data }) => `${state} ${data.uses} ${data.tries}`,
    },
    open: {
      close: ({ become }) => become('closed'),
      look: ({ state, data }) => `${state} ${data.uses} ${data.tries}`,
    },
    locked: {
      unlock: ({ become }) => become('closed'),
      look: ({ state, data }) => `${state} ${data.uses} ${data.tries}`,
      '*': ({ data }) => {
        data.tries += 1
      },
    },
  },
})

const types = ['open', 'close', 'lock', 'unlock'] as const
type Use = (typeof types)[number]

/** The law, written out: state, event, next state. Where there is none, nothing is done, but by a `*`. */
const next: Readonly<Record<string, Readonly<Partial<Record<Use, string>>>>> = {
  closed: { open: 'open', lock: 'locked' },
  open: { close: 'closed' },
  locked: { unlock: 'closed' },
}
const wayTo: Readonly<Record<string, readonly Use[]>> = { closed: [], open: ['open'], locked: ['lock'] }

for (const [state, known] of Object.entries(next)) {
  for (const type of types) {
    const to = known[type]
    const effect =
      to !== undefined ? `leads to ${to}` : state === 'locked' ? 'is for the *' : 'is a dead letter'
    test(
      `${state}: ${type} ${effect}`,
      inWorld(async (t, world) => {
        const ref = world.spawn(world.ctx, door, { name: 'door' })
        for (const step of wayTo[state] ?? []) ref.send(world.ctx, { type: step })
        const before = await world.result(ref.ask(world.ctx, { type: 'look' }))
        t.is(ref.send(world.ctx, { type }), 'accepted')
        const after = await world.result(ref.ask(world.ctx, { type: 'look' }))
        t.is(after.split(' ')[0], to ?? state)
        const isUnhandled = to === undefined && state !== 'locked'
        if (isUnhandled) t.is(after, before)
        t.deepEqual(world.told('deadLetter'), isUnhandled ? [`door ${type} unhandled`] : [])
      }),
    )
  }
}

test(
  'any sequence of events leads where the table says',
  inWorld(async (t, world) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...types), { maxLength: 40 }), async (uses) => {
        const ref = world.spawn(world.ctx, door)
        let state = 'closed'
        for (const type of uses) {
          ref.send(world.ctx, { type })
          state = next[state]?.[type] ?? state
        }
        const seen = await world.result(ref.ask(world.ctx, { type: 'look' }))
        t.is(seen.split(' ')[0], state)
        ref.stop()
      }),
      { numRuns: 50 },
    )
  }),
)

test(
  'names of an object’s own methods are no events of a table',
  inWorld((t, world) => {
    const ref = world.spawn(world.ctx, door, { name: 'door' })
    for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      ref.send(world.ctx, { type } as never)
    }
    world.turns()
    t.is(world.told('deadLetter').length, 4)
    t.true(ref.isAlive)
  }),
)

test('an initial state that is none is refused when the behaviour is made', (t) => {
  const error = t.throws(() => behaviour({ initial: 'nowhere' as 'here', states: { here: {} } }), {
    instanceOf: UsageError,
    code: 'STATE_UNKNOWN',
  })
  t.regex(error.message, /"nowhere".*here/)
})

test(
  'to become a state that is none fails the actor, and changes nothing before that',
  inWorld((t, world) => {
    const seen: string[] = []
    const lost = behaviour({
      initial: 'here',
      stop: ({ state }) => void seen.push(state),
      states: { here: { go: ({ become }) => become('nowhere') } },
    })
    const ref = world.spawn(world.ctx, lost, { name: 'lost' })
    ref.send(world.ctx, { type: 'go' })
    world.turns()
    t.deepEqual(world.told('failed'), ['lost handling no state is named "nowhere"; there are here'])
    t.deepEqual(seen, ['here'])
    t.false(ref.isAlive)
  }),
)

test(
  'a state holds from the next event on; the scope tells it at once',
  inWorld((t, world) => {
    const seen: string[] = []
    const turning = behaviour({
      initial: 'left',
      states: {
        left: {
          turn: (scope) => {
            seen.push(scope.state)
            scope.become('right')
            seen.push(scope.state)
          },
        },
        right: { turn: ({ state }) => void seen.push(`${state} again`) },
      },
    })
    const ref = world.spawn(world.ctx, turning)
    ref.send(world.ctx, { type: 'turn' })
    ref.send(world.ctx, { type: 'turn' })
    world.turns()
    t.deepEqual(seen, ['left', 'right', 'right again'])
  }),
)

test(
  'each actor has data of its own, made from its input, and made again at a restart',
  inWorld(async (t, world) => {
    const counter = behaviour({
      initial: 'counting',
      data: (from: number) => ({ count: from }),
      states: {
        counting: {
          add: ({ data }, { by }: { by: number }) => {
            data.count += by
            return data.count
          },
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const first = world.spawn(world.ctx, counter, { input: 10, restart: 'transient' })
    const second = world.spawn(world.ctx, counter, { input: 100 })
    t.is(await world.result(first.ask(world.ctx, { type: 'add', by: 1 })), 11)
    t.is(await world.result(second.ask(world.ctx, { type: 'add', by: 1 })), 101)
    first.send(world.ctx, { type: 'fail' })
    t.is(await world.result(first.ask(world.ctx, { type: 'add', by: 2 })), 12)
  }),
)

test(
  'start is called before the first event, stop once at each end of an instance',
  inWorld((t, world) => {
    const calls: string[] = []
    const noted = behaviour({
      initial: 'on',
      data: (name: string) => ({ name }),
      start: ({ data }) => void calls.push(`start ${data.name}`),
      stop: ({ data }) => void calls.push(`stop ${data.name}`),
      states: {
        on: {
          call: ({ data }) => void calls.push(`call ${data.name}`),
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, noted, { input: 'a', restart: 'transient' })
    ref.send(world.ctx, { type: 'call' })
    ref.send(world.ctx, { type: 'fail' })
    ref.send(world.ctx, { type: 'call' })
    world.turns()
    ref.stop()
    ref.stop()
    t.deepEqual(calls, ['start a', 'call a', 'stop a', 'start a', 'call a', 'stop a'])
  }),
)

test(
  'a stop hook that throws is reported, and the actor ends all the same',
  inWorld((t, world) => {
    const stubborn = behaviour({
      initial: 'on',
      stop: () => {
        throw new Error('never')
      },
      states: { on: {} },
    })
    const ref = world.spawn(world.ctx, stubborn, { name: 'stubborn' })
    ref.stop('enough')
    t.false(ref.isAlive)
    t.deepEqual(world.told('failed'), ['stubborn stopping never'])
    t.deepEqual(world.told('stopped'), ['stubborn stopped enough'])
  }),
)

test(
  'an async handler that fails, fails its actor; one that was asked tells the asker instead',
  inWorld(async (t, world) => {
    const fragile = behaviour({
      initial: 'on',
      states: {
        on: {
          work: async () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, fragile, { name: 'fragile' })
    const error = await world.error(ref.ask(world.ctx, { type: 'work' }))
    t.is((error as Error).message, 'boom')
    t.true(ref.isAlive)
    ref.send(world.ctx, { type: 'work' })
    await world.settle()
    t.deepEqual(world.told('failed'), ['fragile running boom'])
    t.false(ref.isAlive)
  }),
)

test(
  'a failure of work that an earlier instance began is told of, and does not harm its successor',
  inWorld(async (t, world) => {
    const late = behaviour({
      initial: 'on',
      states: {
        on: {
          work: async (_, { ms }: { ms: number }, ctx) => {
            await ctx.after(ms)
            throw new Error('late')
          },
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, late, { name: 'late', restart: 'transient' })
    ref.send(world.ctx, { type: 'work', ms: 10 })
    ref.send(world.ctx, { type: 'fail' })
    await world.advance(10)
    t.deepEqual(world.told('failed'), ['late handling boom'])
    t.deepEqual(world.unobserved.splice(0).map(describe), ['late'])
    t.true(ref.isAlive)
  }),
)
