/** Law: children end before their parent, the youngest first; names are unique among the living; depth and breadth cost nothing. */
import test from 'ava'
import fc from 'fast-check'
import type { Context } from '../../../runtime/context/context.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { codeOf, UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { NameTakenError } from '../../../runtime/system/errors.ts'
import type { Logic, Spawn } from '../../../runtime/system/logic.ts'
import type { SpawnOptions } from '../../../runtime/system/options.ts'
import { type Received, receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { inWorld } from './world.ts'

const idle = behaviour({ initial: 'on', states: { on: {} } })

/** A family as nested names. */
interface Family {
  readonly children: readonly Family[]
}

const family: fc.Arbitrary<Family> = fc.letrec<{ family: Family }>((tie) => ({
  family: fc.record({
    children: fc.oneof(
      { depthSize: 'small' },
      fc.constant([]),
      fc.array(tie('family'), { minLength: 1, maxLength: 3 }),
    ),
  }),
})).family

/** Spawns its children, their children, and so on. */
const parent = behaviour({
  initial: 'on',
  data: (own: Family) => own,
  start: ({ data, spawn }, ctx) => {
    for (const [index, child] of data.children.entries())
      spawn(ctx, parent as never, { name: `${index}`, input: child } as never)
  },
  states: { on: {} },
})

/** The law: what is below ends first, the youngest branch first. */
function endsOf({ children }: Family, path: string): string[] {
  const below = children.map((child, index) => endsOf(child, `${path}/${index}`))
  return [...below.reverse().flat(), path]
}

test(
  'a family ends from the bottom up, the youngest first',
  inWorld(async (t, world) => {
    await fc.assert(
      fc.asyncProperty(family, async (root) => {
        world.log.length = 0
        const ref = world.spawn(world.ctx, parent, { name: 'root', input: root })
        ref.stop()
        t.deepEqual(
          world.told('stopped').map((line) => line.split(' ')[0]),
          endsOf(root, 'root'),
        )
        t.is(world.system.actors, 0)
      }),
      { numRuns: 60 },
    )
  }),
)

test(
  'a name is taken while its actor lives, among its siblings alone',
  inWorld((t, world) => {
    const first = world.spawn(world.ctx, idle, { name: 'a' })
    const error = t.throws(() => world.spawn(world.ctx, idle, { name: 'a' }), { instanceOf: NameTakenError })
    t.is(codeOf(error), 'ACTOR_NAME_TAKEN')
    t.is(world.system.actors, 1)
    first.stop()
    t.true(world.spawn(world.ctx, idle, { name: 'a' }).isAlive)
    t.false(first.isAlive)
    t.notThrows(() => world.spawn(world.ctx, parent, { name: 'b', input: { children: [{ children: [] }] } }))
  }),
)

test(
  'a number is given to whom no name is given, and never to two',
  inWorld((t, world) => {
    const paths = new Set<string>()
    for (let i = 0; i < 100; i++) {
      const ref = world.spawn(world.ctx, idle)
      paths.add(ref.path)
      if (i % 2 === 0) ref.stop()
    }
    t.is(paths.size, 100)
  }),
)

const badOptions: readonly [title: string, options: SpawnOptions, said: RegExp][] = [
  ['an empty name', { name: '' }, /name must be .* not ""/],
  ['a name with a slash', { name: 'a/b' }, /name must be .* not "a\/b"/],
  ['a mailbox without room', { mailbox: { capacity: 0 } }, /mailbox.capacity must be .* 1, not 0/],
  ['half an envelope', { mailbox: { capacity: 1.5 } }, /not 1.5/],
  [
    'an unknown overflow',
    { mailbox: { overflow: 'grow' as 'refuse' } },
    /refuse, drop-newest, drop-oldest, not "grow"/,
  ],
  [
    'an unknown policy',
    { restart: 'always' as 'permanent' },
    /permanent, transient, temporary, not "always"/,
  ],
  ['a negative intensity', { restart: { policy: 'permanent', intensity: -1 } }, /restart.intensity/],
  ['no period', { restart: { policy: 'permanent', periodMs: 0 } }, /restart.periodMs .* 1, not 0/],
  [
    'an unknown option',
    { capacity: 5 } as object,
    /^no spawn option is named capacity; there are name, as, mailbox/,
  ],
  [
    'a misspelt bound',
    { mailbox: { capacty: 5 } as object },
    /named mailbox.capacty; there are capacity, overflow, priorities$/,
  ],
  [
    'a time without its unit',
    { restart: { policy: 'permanent', period: 5 } as never },
    /named restart.period;/,
  ],
]

for (const [title, options, said] of badOptions) {
  test(
    `a spawn option that cannot be is refused, and nothing is spawned: ${title}`,
    inWorld((t, world) => {
      const error = t.throws(() => world.spawn(world.ctx, idle, options), { instanceOf: UsageError })
      t.is(codeOf(error), 'SPAWN_OPTION_INVALID')
      t.regex(error.message, said)
      t.deepEqual(world.log, [])
    }),
  )
}

test(
  'what is no logic is not spawned',
  inWorld((t, world) => {
    for (const logic of [{}, () => {}, 'behaviour', undefined]) {
      const error = t.throws(() => world.spawn(world.ctx, logic as never), { instanceOf: UsageError })
      t.is(codeOf(error), 'SPAWN_LOGIC')
    }
  }),
)

test(
  'an actor that stops itself ends after the message at hand, and handles no other',
  inWorld((t, world) => {
    const seen: string[] = []
    const quitter = behaviour({
      initial: 'on',
      stop: () => void seen.push('stopped'),
      states: {
        on: {
          quit: ({ stop, self }) => {
            stop('enough')
            self.stop('too much')
            seen.push(`quitting, ${self.isAlive ? 'alive' : 'gone'}`)
          },
          more: () => void seen.push('more'),
        },
      },
    })
    const ref = world.spawn(world.ctx, quitter, { name: 'quitter' })
    ref.send(world.ctx, { type: 'quit' })
    ref.send(world.ctx, { type: 'more' })
    world.turns()
    t.deepEqual(seen, ['quitting, alive', 'stopped'])
    t.deepEqual(world.told('stopped'), ['quitter stopped enough'])
  }),
)

interface Meeting {
  readonly type: 'stopParent'
  readonly parent: Ref
}

const rebels = {
  behaviour: (seen: string[]) =>
    behaviour({
      initial: 'on',
      stop: () => void seen.push('cleaned up'),
      states: {
        on: {
          stopParent: (_, { parent: above }: Meeting) => {
            above.stop('revolt')
            seen.push('went on')
          },
        },
      },
    }),
  generator: (seen: string[]) =>
    receiving<Meeting>(function* ({ receive }) {
      try {
        const { event }: Received<Meeting, never> = yield* receive('stopParent')
        event.parent.stop('revolt')
        seen.push('went on')
        yield* receive('stopParent')
      } finally {
        seen.push('cleaned up')
      }
    }),
}

for (const kind of ['behaviour', 'generator'] as const) {
  test(
    `a ${kind} that stops its parent finishes the message at hand before both end`,
    inWorld((t, world) => {
      const seen: string[] = []
      let child: Ref<Meeting> | undefined
      const above = behaviour({
        initial: 'on',
        start: ({ spawn }, ctx) => {
          child = spawn(ctx, rebels[kind](seen), { name: 'child' }) as Ref<Meeting>
        },
        states: { on: {} },
      })
      const ref = world.spawn(world.ctx, above, { name: 'above' })
      child!.send(world.ctx, { type: 'stopParent', parent: ref })
      world.turns()
      t.deepEqual(seen, ['went on', 'cleaned up'])
      t.deepEqual(world.told('failed'), [])
      t.deepEqual(world.told('stopped'), ['above/child stopped its parent has ended', 'above stopped revolt'])
    }),
  )
}

test(
  'an actor that has ended has no more children',
  inWorld(async (t, world) => {
    const errors: unknown[] = []
    const late = behaviour({
      initial: 'on',
      stop: ({ spawn, ctx }) => errors.push(thrownBy(spawn, ctx)),
      states: {
        on: {
          later: async ({ spawn }, _event, ctx) => {
            await ctx.after(5)
            errors.push(thrownBy(spawn, ctx))
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, late)
    ref.send(world.ctx, { type: 'later' })
    await world.settle()
    ref.stop()
    await world.advance(5)
    t.deepEqual(errors.map(codeOf), ['ACTOR_ENDED', 'ACTOR_ENDED'])
    t.is(world.system.actors, 0)
  }),
)

function thrownBy(spawn: Spawn, ctx: Context): unknown {
  try {
    return spawn(ctx, idle)
  } catch (error) {
    return error
  }
}

test(
  'ten thousand siblings end all the same',
  inWorld((t, world) => {
    for (let i = 0; i < 10_000; i++) world.spawn(world.ctx, idle)
    t.is(world.system.actors, 10_000)
  }),
)

test('ten thousand generations end all the same, without a stack as deep', (t) => {
  const depth = 10_000
  // Nobody listens: ten thousand paths of ten thousand names would fill the memory.
  const system = createSystem({ run: false, clock: createManualClock(), log: silentLog })
  let deepest: Ref<{ type: 'dig' }> | undefined
  const shaft: Logic<{ type: 'dig' }> = behaviour({
    initial: 'on',
    states: {
      on: {
        dig: ({ spawn }, _event, ctx) => {
          deepest = spawn(ctx, shaft)
        },
      },
    },
  })
  const top = system.spawn(system.ctx, shaft)
  deepest = top
  const turns = system.turns()
  for (let i = 1; i < depth; i++) {
    deepest.send(system.ctx, { type: 'dig' })
    turns.next()
  }
  t.is(system.actors, depth)
  t.is(deepest.path.split('/').length, depth + 1)
  top.stop()
  t.is(system.actors, 0)
  t.false(deepest.isAlive)
})
