/**
 * Law: whatever actors are spawned, stopped, restarted, registered and taken out, the registry holds what a model with
 * two plain maps holds; each broadcast reaches each member once and in order; and nothing leaks.
 */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Cancel, Context } from '../../../runtime/context/context.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { actorGroup, actorName } from '../../../runtime/system/names.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import type { Joined, Registered } from '../../../runtime/system/registry.ts'
import { countWatches, NOTHING } from './registered.ts'
import { World } from './world.ts'

type ListenerEvent = { readonly type: 'hear'; readonly what: number } | { readonly type: 'fail' }

const listener = behaviour({
  initial: 'on',
  data: (heard: number[]) => ({ heard }),
  states: {
    on: {
      hear: ({ data }, { what }: { what: number }) => void data.heard.push(what),
      fail: () => {
        throw new Error('boom')
      },
    },
  },
})

/** Few of each, and narrow limits, so that programs meet each other's traces. */
const NAMES = 3
const GROUPS = 3
const LIMITS = { groupMembers: 3, registryNames: 5 }
const names = Array.from({ length: NAMES }, (_, index) => actorName<ListenerEvent>(`name ${index}`))
const groups = Array.from({ length: GROUPS }, (_, index) => actorGroup<ListenerEvent>(`group ${index}`))

const actor = fc.nat(5)
const name = fc.nat(NAMES - 1)
const group = fc.nat(GROUPS - 1)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ step: fc.constant('spawn' as const) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('stop' as const), actor }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('fail' as const), actor }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('register' as const), actor, name }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('unregister' as const), actor, name }) },
  { weight: 5, arbitrary: fc.record({ step: fc.constant('join' as const), actor, group }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('leave' as const), actor, group }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('broadcast' as const), actor, group }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('wait' as const), name }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('settle' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
type Act = Extract<Step, { readonly actor: number }>

/** One actor, and what the model says of it. */
interface Listener {
  readonly ref: Ref<ListenerEvent>
  readonly heard: number[]
  /** What was broadcast to it while it lived. */
  readonly sent: number[]
  readonly watches: () => number
  readonly names: number[]
  readonly groups: number[]
  isAlive: boolean
}

/** The registry as two maps from texts to actors, and the answers that follow. */
class Model {
  readonly holders = new Map<number, Listener>()
  readonly members = new Map<number, Listener[]>()
  /** By name, where each of those who wait for it will find what they get. */
  private readonly waiting = new Map<number, unknown[][]>()

  get isFull(): boolean {
    return this.holders.size + this.members.size >= LIMITS.registryNames
  }

  get stillWaiting(): readonly unknown[][] {
    return [...this.waiting.values()].flat()
  }

  wait(name: number): unknown[] {
    const holder = this.holders.get(name)
    if (holder !== undefined) return [holder.ref]
    const expected: unknown[] = []
    this.waiting.set(name, [...(this.waiting.get(name) ?? []), expected])
    return expected
  }

  register(name: number, asks: Listener): Registered {
    const holder = this.holders.get(name)
    if (!asks.isAlive) return 'ended'
    if (holder !== undefined) return holder === asks ? 'registered' : 'taken'
    if (this.isFull) return 'full'
    this.holders.set(name, asks)
    asks.names.push(name)
    for (const expected of this.waiting.get(name) ?? []) expected.push(asks.ref)
    this.waiting.delete(name)
    return 'registered'
  }

  unregister(name: number, who: Listener): boolean {
    if (this.holders.get(name) !== who) return false
    this.holders.delete(name)
    drop(who.names, name)
    return true
  }

  join(group: number, asks: Listener): Joined {
    const members = this.members.get(group)
    if (!asks.isAlive) return 'ended'
    if (members?.includes(asks)) return 'joined'
    if (members === undefined ? this.isFull : members.length === LIMITS.groupMembers) return 'full'
    this.members.set(group, [...(members ?? []), asks])
    asks.groups.push(group)
    return 'joined'
  }

  leave(group: number, who: Listener): boolean {
    const members = this.members.get(group) ?? []
    if (!members.includes(who)) return false
    drop(members, who)
    drop(who.groups, group)
    if (members.length === 0) this.members.delete(group)
    return true
  }

  end(who: Listener): void {
    who.isAlive = false
    for (const name of [...who.names]) this.unregister(name, who)
    for (const group of [...who.groups]) this.leave(group, who)
  }
}

function drop<T>(items: T[], item: T): void {
  items.splice(items.indexOf(item), 1)
}

/** One program, done by a registry and by the model. */
class Trial {
  readonly world = new World({ limits: { ...LIMITS, restartIntensity: 60 } })
  readonly registry = this.world.system.registry
  private readonly t: ExecutionContext
  private readonly model = new Model()
  private readonly listeners: Listener[] = []
  private readonly waits: { readonly got: unknown[]; readonly expected: unknown[] }[] = []
  private readonly ctx: Context
  private readonly cancel: Cancel
  private broadcasts = 0

  constructor(t: ExecutionContext) {
    this.t = t
    ;[this.ctx, this.cancel] = this.world.ctx.withCancel()
  }

  async take(step: Step): Promise<void> {
    if (step.step === 'settle') await this.world.settle()
    else if (step.step === 'spawn') this.spawn()
    else if (step.step === 'wait') this.wait(step.name)
    else {
      const who = this.listeners[step.actor]
      if (who !== undefined) this.act(step, who)
    }
  }

  private spawn(): void {
    const { spawn, ctx } = this.world
    const heard: number[] = []
    const ref = spawn(ctx, listener, { input: heard, restart: 'permanent' }) as Ref as Listener['ref']
    const watches = countWatches(ref)
    this.listeners.push({ ref, heard, sent: [], watches, names: [], groups: [], isAlive: true })
  }

  private wait(name: number): void {
    const got: unknown[] = []
    this.registry.whenRegistered(this.ctx, names[name]!).listen(
      (ref) => void got.push(ref),
      (error) => void got.push(codeOf(error)),
    )
    this.waits.push({ got, expected: this.model.wait(name) })
  }

  private act(step: Act, who: Listener): void {
    const { t, registry, model } = this
    const { ref } = who
    if (step.step === 'stop') {
      ref.stop()
      model.end(who)
    } else if (step.step === 'fail') {
      ref.send(this.ctx, { type: 'fail' })
    } else if (step.step === 'register') {
      t.is(registry.register(names[step.name]!, ref), model.register(step.name, who))
    } else if (step.step === 'unregister') {
      t.is(registry.unregister(names[step.name]!, ref), model.unregister(step.name, who))
    } else if (step.step === 'join') {
      t.is(registry.join(groups[step.group]!, ref), model.join(step.group, who))
    } else if (step.step === 'leave') {
      t.is(registry.leave(groups[step.group]!, ref), model.leave(step.group, who))
    } else {
      const what = ++this.broadcasts
      const hearers = (model.members.get(step.group) ?? []).filter((member) => member !== who)
      const event = { type: 'hear', what } as const
      const answers = registry.broadcast(this.ctx, groups[step.group]!, event, { except: ref })
      t.deepEqual(answers, { accepted: hearers.length, full: 0, closed: 0, expired: 0 })
      for (const { sent } of hearers) sent.push(what)
    }
  }

  compare(): void {
    const { t, registry, model, listeners } = this
    for (const [index, name] of names.entries()) t.is(registry.find(name), model.holders.get(index)?.ref)
    for (const [index, group] of groups.entries()) {
      const members = (model.members.get(index) ?? []).map(({ ref }) => ref)
      t.true(isSame(registry.members(group), members), 'the members, in order of joining')
    }
    for (const who of listeners) {
      t.deepEqual(
        registry.namesOf(who.ref),
        who.names.map((index) => names[index]!.text),
      )
      t.deepEqual(
        registry.groupsOf(who.ref),
        who.groups.map((index) => groups[index]!.text),
      )
      t.is(who.watches(), isRegistered(who) ? 1 : 0)
    }
    t.deepEqual(registry.statistics(), {
      names: model.holders.size,
      groups: model.members.size,
      actors: listeners.filter(isRegistered).length,
      waiting: model.stillWaiting.length,
    })
  }

  async end(): Promise<void> {
    const { t, world, listeners } = this
    await world.settle()
    for (const { heard, sent, isAlive } of listeners) {
      t.deepEqual(heard, isAlive ? sent : sent.slice(0, heard.length), 'each broadcast once, in order')
    }
    this.cancel('over')
    for (const expected of this.model.stillWaiting) expected.push('CANCELLED')
    for (const { got, expected } of this.waits) t.true(isSame(got, expected), 'who waited is told once')
    await world.end(t)
    t.deepEqual(this.registry.statistics(), NOTHING)
    for (const { watches } of listeners) t.is(watches(), 0)
  }
}

test('a registry holds what the model holds, and nothing when all have ended', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const trial = new Trial(t)
      for (const step of steps) {
        await trial.take(step)
        trial.compare()
      }
      await trial.end()
    }),
    { numRuns: 200 },
  )
})

function isRegistered({ names, groups }: Listener): boolean {
  return names.length + groups.length > 0
}

/** The same things, by identity. */
function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index])
}
