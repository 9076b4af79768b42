/** Law: a name leads to the one living actor that has it, a group to all its living members, from the first to the last. */
import test from 'ava'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf, UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { actorGroup, actorName } from '../../../runtime/system/names.ts'
import type { SpawnOptions } from '../../../runtime/system/options.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import type { Broadcast, Registered, Registry } from '../../../runtime/system/registry.ts'
import { countWatches, inRegistry, NOTHING } from './registered.ts'
import { nameOf, type World } from './world.ts'

type LineEvent =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'fail' }
  | { readonly type: 'keep' }
type Line = Ref<LineEvent>

/** Writes down what it hears, and keeps a child if it is told to. */
const line = behaviour({
  initial: 'on',
  data: (heard: string[]) => ({ heard }),
  states: {
    on: {
      say: ({ data, sender }, { text }: { text: string }) => {
        data.heard.push(sender === undefined ? text : `${nameOf(sender)}: ${text}`)
      },
      fail: () => {
        throw new Error('boom')
      },
      keep: ({ spawn }, _event, ctx) => void spawn(ctx, line, { name: 'child', input: [] }),
    },
  },
})

const Lobby = actorName<LineEvent>('lobby')
const Lines = actorGroup<LineEvent>('lines')
const named = actorName<LineEvent>
const grouped = actorGroup<LineEvent>
const NOBODY: Broadcast = { accepted: 0, full: 0, closed: 0, expired: 0 }

function spawnLine({ spawn, ctx }: World, options: SpawnOptions & { heard?: string[] } = {}): Line {
  const { heard = [], ...rest } = options
  return spawn(ctx, line, { input: heard, ...rest }) as Ref as Line
}

/** Some lines in the group, named by their place. */
function joined(world: World, registry: Registry, count: number): Line[] {
  const lines = Array.from({ length: count }, (_, index) => spawnLine(world, { name: `line-${index}` }))
  for (const ref of lines) registry.join(Lines, ref)
  return lines
}

/** Calls `look` while the actor is ending, its child having just ended. */
async function whileEnding(world: World, ref: Line, look: () => void): Promise<void> {
  let looks = 0
  ref.send(world.ctx, { type: 'keep' })
  await world.settle()
  world.system.events.on('stopped', ({ ref: child }) => {
    if (nameOf(child) !== `${nameOf(ref)}/child`) return
    looks += 1
    look()
  })
  ref.stop()
  if (looks !== 1) throw new Error('nobody was there to look')
}

// ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const [what, make] of Object.entries({ name: actorName, group: actorGroup })) {
  test(`a ${what} without a text is refused`, (t) => {
    t.is(codeOf(t.throws(() => make(''), { instanceOf: UsageError })), 'NAME_INVALID')
  })
}

test(
  'two names of one text are one, and so are two groups; a name and a group are not',
  inRegistry((t, world, registry) => {
    const ref = spawnLine(world)
    registry.register(Lobby, ref)
    registry.join(Lines, ref)
    t.is(registry.find(named('lobby')), ref)
    t.deepEqual(registry.members(grouped('lines')), [ref])
    t.is(registry.find(named('lines')), undefined)
    t.deepEqual(registry.members(grouped('lobby')), [])
  }),
)

/** Who asks for the name, after what, and what the answer is. */
const registrations: Readonly<
  Record<string, (registry: Registry, lobby: Line, other: Line) => readonly [asks: Line, answer: Registered]>
> = {
  'that nobody has': (_registry, lobby) => [lobby, 'registered'],
  'that it has already': (registry, lobby) => {
    registry.register(Lobby, lobby)
    return [lobby, 'registered']
  },
  'that another has': (registry, lobby, other) => {
    registry.register(Lobby, other)
    return [lobby, 'taken']
  },
  'that another gave back': (registry, lobby, other) => {
    registry.register(Lobby, other)
    registry.unregister(Lobby, other)
    return [lobby, 'registered']
  },
  'that one has had who has ended': (registry, lobby, other) => {
    registry.register(Lobby, other)
    other.stop()
    return [lobby, 'registered']
  },
  'after its own end': (_registry, lobby) => {
    lobby.stop()
    return [lobby, 'ended']
  },
}

for (const [situation, prepare] of Object.entries(registrations)) {
  test(
    `a name ${situation}`,
    inRegistry((t, world, registry) => {
      const [lobby, other] = [spawnLine(world), spawnLine(world)]
      const [asks, answer] = prepare(registry, lobby, other)
      const before = registry.statistics()
      const holder = registry.find(Lobby)
      t.is(registry.register(Lobby, asks), answer)
      t.is(registry.find(Lobby), answer === 'registered' ? asks : holder)
      if (answer !== 'registered') t.deepEqual(registry.statistics(), before, 'a refusal changes nothing')
    }),
  )
}

test(
  'a name is taken only from who has it',
  inRegistry((t, world, registry) => {
    const [lobby, other] = [spawnLine(world), spawnLine(world)]
    registry.register(Lobby, lobby)
    t.false(registry.unregister(Lobby, other))
    t.is(registry.find(Lobby), lobby)
    t.true(registry.unregister(Lobby, lobby))
    t.is(registry.find(Lobby), undefined)
    t.false(registry.unregister(Lobby, lobby))
  }),
)

const shown: readonly (readonly [taken: number, message: string])[] = [
  [0, 'no actor is registered as "lobby"; no name is taken'],
  [2, 'no actor is registered as "lobby"; taken are "room-0", "room-1"'],
  [5, 'no actor is registered as "lobby"; taken are "room-0", "room-1", "room-2", "room-3", "room-4"'],
  [
    7,
    'no actor is registered as "lobby"; taken are "room-0", "room-1", "room-2", "room-3", "room-4" and 2 more',
  ],
]

for (const [taken, message] of shown) {
  test(
    `who must have a name and does not is told of others, of ${taken}`,
    inRegistry((t, world, registry) => {
      const ref = spawnLine(world)
      for (let room = 0; room < taken; room++) registry.register(named(`room-${room}`), ref)
      const error = t.throws(() => registry.get(Lobby), { instanceOf: UsageError, message })
      t.is(codeOf(error), 'NAME_UNKNOWN')
      registry.register(Lobby, ref)
      t.is(registry.get(Lobby), ref)
    }),
  )
}

// ── Those who wait for a name ────────────────────────────────────────────────────────────────────────────────────

test(
  'who waits for a name is told at once, or when it is registered, in order of arrival',
  inRegistry((t, world, registry) => {
    const ref = spawnLine(world)
    const order: number[] = []
    const wait = (place: number) =>
      registry.whenRegistered(world.ctx, Lobby).listen(
        (lobby) => {
          t.is(lobby, ref)
          order.push(place)
        },
        (error) => t.fail(codeOf(error)),
      )
    wait(1)
    wait(2)
    registry.register(named('other'), ref)
    t.deepEqual(order, [])
    registry.register(Lobby, ref)
    t.deepEqual(order, [1, 2])
    wait(3)
    t.deepEqual(order, [1, 2, 3])
  }),
)

test(
  'who stops waiting for a name, by itself or with its context, leaves nothing behind',
  inRegistry(async (t, world, registry) => {
    const [ctx, cancel] = world.ctx.withCancel()
    const byItself = registry.whenRegistered(world.ctx, Lobby)
    const byContext = registry.whenRegistered(ctx, Lobby)
    const byDeadline = registry.whenRegistered(world.ctx.withTimeout(10), Lobby)
    const kept = registry.whenRegistered(world.ctx, Lobby)
    world.look(byItself, byContext, byDeadline, kept)
    t.is(registry.statistics().waiting, 4)
    byItself.cancel()
    cancel('client left')
    await world.advance(10)
    t.is(registry.statistics().waiting, 1)
    const lobby = spawnLine(world)
    registry.register(Lobby, lobby)
    t.deepEqual(await world.outcomes(byItself, byContext, byDeadline, kept), [
      'CANCELLED',
      'CANCELLED',
      'DEADLINE_EXCEEDED',
      lobby,
    ])
    t.is(registry.statistics().waiting, 0)
    t.is(codeOf(await world.error(registry.whenRegistered(ctx, named('other')))), 'CANCELLED')
    t.is(registry.statistics().waiting, 0)
  }),
)

test(
  'who waits again because of a registration waits for the next one',
  inRegistry((t, world, registry) => {
    const [first, second] = [spawnLine(world), spawnLine(world)]
    const told: (Line | undefined)[] = []
    let again: Deferred<Line> | undefined
    registry.whenRegistered(world.ctx, Lobby).listen(
      (ref) => {
        told.push(ref)
        registry.unregister(Lobby, ref)
        again = registry.whenRegistered(world.ctx, Lobby)
        again.listen(
          (next) => void told.push(next),
          (error) => t.fail(codeOf(error)),
        )
      },
      (error) => t.fail(codeOf(error)),
    )
    registry.register(Lobby, first)
    t.is(registry.find(Lobby), undefined)
    t.true(again?.isPending)
    registry.register(Lobby, second)
    t.deepEqual(told, [first, second])
  }),
)

test(
  'who is called off by another who is told first is not told',
  inRegistry(async (t, world, registry) => {
    const lobby = spawnLine(world)
    const first = registry.whenRegistered(world.ctx, Lobby)
    const second = registry.whenRegistered(world.ctx, Lobby)
    first.listen(
      () => second.cancel(),
      (error) => t.fail(codeOf(error)),
    )
    registry.register(Lobby, lobby)
    t.deepEqual(await world.outcomes(first, second), [lobby, 'CANCELLED'])
    t.is(registry.statistics().waiting, 0)
  }),
)

// ── Groups ───────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'members stand in order of joining, each once; who leaves and joins again is the last',
  inRegistry((t, world, registry) => {
    const [first, second, third] = joined(world, registry, 3) as [Line, Line, Line]
    t.is(registry.join(Lines, first), 'joined')
    t.deepEqual(registry.members(Lines), [first, second, third])
    const before = registry.members(Lines)
    t.true(registry.leave(Lines, first))
    t.false(registry.leave(Lines, first))
    t.deepEqual(registry.members(Lines), [second, third])
    registry.join(Lines, first)
    t.deepEqual(registry.members(Lines), [second, third, first])
    t.deepEqual(before, [first, second, third], 'who has asked before has what was then')
  }),
)

test(
  'an actor tells its names and groups, in order',
  inRegistry((t, world, registry) => {
    const ref = spawnLine(world)
    for (const text of ['b', 'a', 'c']) {
      registry.register(named(text), ref)
      registry.join(grouped(`group ${text}`), ref)
    }
    registry.unregister(named('a'), ref)
    registry.leave(grouped('group b'), ref)
    t.deepEqual(registry.namesOf(ref), ['b', 'c'])
    t.deepEqual(registry.groupsOf(ref), ['group a', 'group c'])
    ref.stop()
    t.deepEqual(registry.namesOf(ref), [])
    t.deepEqual(registry.groupsOf(ref), [])
  }),
)

test(
  'a broadcast reaches each member once, in order of joining, and tells how it was answered',
  inRegistry(async (t, world, registry) => {
    const heard: string[] = []
    const [ann, bob, cid] = ['ann', 'bob', 'cid'].map((name) => spawnLine(world, { name, heard }))
    const deaf = spawnLine(world, { name: 'deaf', mailbox: { capacity: 1 } })
    for (const ref of [cid!, ann!, deaf, bob!]) registry.join(Lines, ref)
    deaf.send(world.ctx, { type: 'say', text: 'first' })
    const hello = { type: 'say', text: 'hello' } as const
    t.deepEqual(registry.broadcast(world.ctx, Lines, hello), { ...NOBODY, accepted: 3, full: 1 })
    t.deepEqual(world.told('refused'), ['deaf say full'])
    await world.settle()
    t.deepEqual(heard, ['hello', 'hello', 'hello'])
    const bye = { type: 'say', text: 'bye' } as const
    t.deepEqual(registry.broadcast(world.ctx, Lines, bye, { except: ann!, sender: ann! }), {
      ...NOBODY,
      accepted: 3,
    })
    await world.settle()
    t.deepEqual(heard.slice(3), ['ann: bye', 'ann: bye'])
    const [ctx, cancel] = world.ctx.withCancel()
    cancel()
    t.deepEqual(registry.broadcast(ctx, Lines, hello), { ...NOBODY, expired: 4 })
    t.deepEqual(registry.broadcast(world.ctx, grouped('nobody'), hello), NOBODY)
  }),
)

test(
  'a broadcast goes to those who were members as it began, whoever joins, leaves or ends because of it',
  inRegistry(async (t, world, registry) => {
    const heard: string[] = []
    const deaf = spawnLine(world, { mailbox: { capacity: 1 } })
    const [leaver, ender, newcomer] = ['leaver', 'ender', 'newcomer'].map((name) =>
      spawnLine(world, { name, heard }),
    ) as [Line, Line, Line]
    deaf.send(world.ctx, { type: 'say', text: 'first' })
    for (const ref of [deaf, leaver, ender]) registry.join(Lines, ref)
    world.system.events.on('refused', ({ ref }) => {
      if (ref !== deaf) return
      registry.leave(Lines, leaver)
      ender.stop()
      registry.join(Lines, newcomer)
    })
    t.deepEqual(registry.broadcast(world.ctx, Lines, { type: 'say', text: 'hello' }), {
      accepted: 1,
      full: 1,
      closed: 1,
      expired: 0,
    })
    await world.settle()
    t.deepEqual(heard, ['hello'], 'the one who left')
    t.deepEqual(registry.members(Lines), [deaf, newcomer])
  }),
)

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'a group takes as many as it may have, and another when one has gone',
  inRegistry(
    (t, world, registry) => {
      const [first, second] = joined(world, registry, 2) as [Line, Line]
      const third = spawnLine(world)
      const before = registry.statistics()
      t.is(registry.join(Lines, third), 'full')
      t.deepEqual(registry.statistics(), before)
      t.is(registry.join(Lines, first), 'joined')
      t.is(registry.join(grouped('others'), third), 'joined')
      second.stop()
      t.is(registry.join(Lines, third), 'joined')
      t.deepEqual(registry.members(Lines), [first, third])
    },
    { groupMembers: 2 },
  ),
)

test(
  'there are as many names and groups together as there may be',
  inRegistry(
    (t, world, registry) => {
      const [first, second] = [spawnLine(world), spawnLine(world)]
      registry.register(Lobby, first)
      registry.join(Lines, first)
      const before = registry.statistics()
      t.is(registry.register(named('other'), second), 'full')
      t.is(registry.join(grouped('others'), second), 'full')
      t.deepEqual(registry.statistics(), before)
      t.is(registry.register(Lobby, second), 'taken')
      t.is(registry.register(Lobby, first), 'registered')
      t.is(registry.join(Lines, second), 'joined')
      registry.unregister(Lobby, first)
      t.is(registry.join(grouped('others'), second), 'joined')
      first.stop()
      second.stop()
      t.deepEqual(registry.statistics(), NOTHING)
    },
    { registryNames: 2 },
  ),
)

// ── Ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'an actor that is ending keeps its place, and refuses what is sent to it',
  inRegistry(async (t, world, registry) => {
    const [lobby, successor] = [spawnLine(world, { name: 'lobby' }), spawnLine(world)]
    registry.register(Lobby, lobby)
    registry.join(Lines, lobby)
    await whileEnding(world, lobby, () => {
      t.false(lobby.isAlive)
      t.is(registry.find(Lobby), lobby)
      t.is(registry.register(Lobby, lobby), 'ended')
      t.is(registry.register(Lobby, successor), 'taken')
      t.is(registry.join(Lines, lobby), 'ended')
      t.deepEqual(registry.members(Lines), [lobby])
      const answers = registry.broadcast(world.ctx, Lines, { type: 'say', text: 'hello' })
      t.deepEqual(answers, { ...NOBODY, closed: 1 })
    })
    t.is(registry.find(Lobby), undefined)
    t.deepEqual(registry.members(Lines), [])
  }),
)

/** Ways to be told of an end before the registry is. */
const observers: Readonly<Record<string, (world: World, ref: Line, told: () => void) => void>> = {
  'an earlier watch': (_world, ref, told) => ref.watch().listen(told, told),
  'the event stream': ({ system }, ref, told) =>
    system.events.on('stopped', ({ ref: ended }) => {
      if (ended === ref) told()
    }),
}

for (const [observer, observe] of Object.entries(observers)) {
  test(
    `whoever is told of an end finds it out of everything: by ${observer}`,
    inRegistry((t, world, registry) => {
      const [lobby, successor] = [spawnLine(world), spawnLine(world)]
      let told = 0
      observe(world, lobby, () => {
        told += 1
        t.deepEqual(registry.groupsOf(lobby), [])
        t.deepEqual(registry.namesOf(lobby), [])
        t.is(registry.find(Lobby), undefined)
        t.deepEqual(registry.members(Lines), [successor])
        t.is(registry.register(Lobby, successor), 'registered')
      })
      registry.register(Lobby, lobby)
      registry.join(Lines, lobby)
      registry.join(Lines, successor)
      lobby.stop()
      t.is(told, 1)
      t.is(registry.find(Lobby), successor)
      t.deepEqual(registry.namesOf(successor), ['lobby'])
    }),
  )
}

test(
  'an actor that is restarted stays where it is',
  inRegistry(async (t, world, registry) => {
    const heard: string[] = []
    const ref = spawnLine(world, { name: 'lobby', heard, restart: 'permanent' })
    registry.register(Lobby, ref)
    registry.join(Lines, ref)
    registry.get(Lobby).send(world.ctx, { type: 'fail' })
    registry.broadcast(world.ctx, Lines, { type: 'say', text: 'hello' })
    await world.settle()
    t.deepEqual(world.told('restarted'), ['lobby 1'])
    t.is(registry.find(Lobby), ref)
    t.deepEqual(registry.members(Lines), [ref])
    t.deepEqual(heard, ['hello'])
  }),
)

test(
  'an actor is watched once however often it is registered, and not at all when it is nowhere',
  inRegistry((t, world, registry) => {
    const ref = spawnLine(world)
    const watches = countWatches(ref)
    registry.unregister(Lobby, ref)
    registry.leave(Lines, ref)
    registry.namesOf(ref)
    t.is(watches(), 0)
    registry.register(Lobby, ref)
    registry.register(named('other'), ref)
    registry.join(Lines, ref)
    t.is(watches(), 1)
    registry.unregister(Lobby, ref)
    registry.leave(Lines, ref)
    t.is(watches(), 1)
    registry.unregister(named('other'), ref)
    t.is(watches(), 0)
    t.deepEqual(registry.statistics(), NOTHING)
    registry.join(Lines, ref)
    t.is(watches(), 1)
  }),
)

test(
  'who looks at an actor that is ending leaves no watch on it',
  inRegistry(async (t, world, registry) => {
    const lobby = spawnLine(world, { name: 'lobby' })
    registry.register(Lobby, lobby)
    const watches = countWatches(lobby)
    await whileEnding(world, lobby, () => {
      registry.find(Lobby)
      registry.namesOf(lobby)
      t.is(watches(), 0)
    })
  }),
)
