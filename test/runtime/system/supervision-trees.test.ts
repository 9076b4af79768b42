/**
 * Law: whatever fails, finishes, is stopped and started again in a tree of supervisors, those live that their
 * specifications say, everything starts in order and ends in reverse, nobody is restarted more often than allowed, each
 * end is told once, and nothing leaks.
 */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { AnyEvent, Ref } from '../../../runtime/system/ref.ts'
import { Crew, type Task } from './crew.ts'
import {
  anyTree,
  logicOf,
  ModelActor,
  PERIOD_MS,
  pathsOf,
  type SupervisorSpec,
  type TreeSpec,
} from './tree-model.ts'
import { endOf, ignore, World } from './world.ts'

const who = fc.nat(20)

// ── One at a time ────────────────────────────────────────────────────────────────────────────────────────────────────

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ command: fc.constant('fail' as const), who }) },
  { weight: 3, arbitrary: fc.record({ command: fc.constant('finish' as const), who }) },
  { weight: 2, arbitrary: fc.record({ command: fc.constant('stop' as const), who }) },
  { weight: 2, arbitrary: fc.record({ command: fc.constant('stopChild' as const), who }) },
  { weight: 3, arbitrary: fc.record({ command: fc.constant('restartChild' as const), who }) },
  { weight: 1, arbitrary: fc.record({ command: fc.constant('bug' as const), who }) },
  { weight: 3, arbitrary: fc.record({ command: fc.constant('pass' as const), ms: fc.nat(PERIOD_MS) }) },
)
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

/** A tree and its model, that are told the same. */
class Trial {
  readonly world = new World()
  private readonly t: ExecutionContext
  private readonly spec: SupervisorSpec
  private readonly crew = new Crew(this.world)
  private readonly census = new Census(this.world)
  private readonly paths: readonly string[]
  private readonly modelLife: string[] = []
  private readonly model: ModelActor
  private isTopAlive = true

  constructor(t: ExecutionContext, spec: SupervisorSpec) {
    this.t = t
    this.spec = spec
    this.paths = pathsOf(spec, 'tree')
    this.model = new ModelActor({ ...spec, restart: 'temporary' }, 'tree', undefined, this.modelLife)
    this.world.spawn(this.world.ctx, logicOf(spec, 'tree', this.crew), { name: 'tree' })
  }

  async take(step: Command): Promise<void> {
    if (step.command === 'pass') return this.world.advance(step.ms)
    const path = this.paths[step.who % this.paths.length]!
    const actor = this.isTopAlive ? this.model.find(path) : undefined
    if (step.command === 'restartChild') {
      if (actor === undefined) await this.restartChild(path)
    } else if (actor !== undefined) {
      await this.act(step.command, actor)
    }
  }

  compare(): void {
    const { t, world, crew, model, modelLife } = this
    t.deepEqual(crew.news(), modelLife.splice(0), 'who starts and ends, in order')
    const alive = this.isTopAlive ? [...model.family()] : []
    t.deepEqual(
      world.system.snapshot().actors.map(({ path, phase, restarts }) => `${path} ${phase} ${restarts}`),
      alive.map(({ path, restarts }) => `greenroom/${path} running ${restarts}`),
    )
  }

  async end(): Promise<void> {
    await this.world.end(this.t)
    this.census.check(this.t)
  }

  private async act(
    what: 'fail' | 'finish' | 'bug' | 'stop' | 'stopChild',
    actor: ModelActor,
  ): Promise<void> {
    const { world, crew } = this
    const isWorker = actor.spec.kind === 'worker'
    if (what === 'stop') {
      crew.ref(actor.path).stop()
      await world.settle()
      actor.stop()
    } else if (what === 'stopChild') {
      const [above, name] = apart(actor.path)
      const question = supervisorAt(crew, above).ask(world.ctx, { type: 'stopChild', name })
      this.t.is(await world.result(question), 'stopped')
      actor.stop()
    } else if (isWorker) {
      await crew.order(actor.path, what)
      actor.end(what === 'fail' ? 'failed' : what === 'finish' ? 'done' : 'bug', world.clock.nowMs())
      this.isTopAlive = crew.isAlive('tree')
    }
  }

  private async restartChild(path: string): Promise<void> {
    const { t, world, crew } = this
    const [above, name] = apart(path)
    const model = this.isTopAlive ? this.model.find(above) : undefined
    if (model === undefined) return
    const question = supervisorAt(crew, above).ask(world.ctx, { type: 'restartChild', name })
    const { outcome } = (await world.result(question)) as { outcome: string }
    const isListed = specAt(this.spec, path).restart !== 'temporary'
    t.is(outcome, isListed ? 'started' : 'unknown')
    if (isListed) model.restartChild(Number(name.slice(1)))
  }
}

test('a tree does what the model does, failure by failure', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyTree(true), fc.array(command, { maxLength: 25 }), async (spec, commands) => {
      const trial = new Trial(t, spec)
      trial.compare()
      for (const step of commands) {
        await trial.take(step)
        trial.compare()
      }
      await trial.end()
    }),
    { numRuns: 200, reporter: reportTo(t) },
  )
})

// ── All at once ──────────────────────────────────────────────────────────────────────────────────────────────────────

const blow = fc.oneof(
  { weight: 8, arbitrary: fc.record({ blow: fc.constantFrom('fail', 'finish', 'stop'), who }) },
  { weight: 4, arbitrary: fc.record({ blow: fc.constant('work'), who, ms: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ blow: fc.constant('hello'), who }) },
  { weight: 1, arbitrary: fc.record({ blow: fc.constant('stopRef'), who }) },
  { weight: 2, arbitrary: fc.record({ blow: fc.constantFrom('stopChild', 'restartChild'), who }) },
  { weight: 2, arbitrary: fc.record({ blow: fc.constant('turn'), who }) },
  { weight: 2, arbitrary: fc.record({ blow: fc.constant('settle'), who }) },
  { weight: 3, arbitrary: fc.record({ blow: fc.constant('pass'), who, ms: fc.nat(40) }) },
)
type Blow = { readonly blow: string; readonly who: number; readonly ms?: number }

class Storm {
  readonly world = new World({ limits: { stepEnvelopes: 2, turnEnvelopes: 8 } })
  readonly census = new Census(this.world)
  private readonly crew = new Crew(this.world)
  private readonly spec: SupervisorSpec
  private readonly paths: readonly string[]
  private readonly questions: Deferred<unknown>[] = []
  /** Those that somebody has stopped, or that may have stopped themselves. */
  private readonly stopped = new Set<Ref>()

  constructor(spec: SupervisorSpec) {
    this.spec = spec
    this.paths = pathsOf(spec, 'tree')
    this.world.spawn(this.world.ctx, logicOf(spec, 'tree', this.crew), {
      name: 'tree',
      restart: spec.restart,
    })
  }

  async take({ blow, who, ms = 0 }: Blow): Promise<void> {
    const { world } = this
    const path = this.paths[who % this.paths.length]!
    if (blow === 'turn') world.turn()
    else if (blow === 'settle') await world.settle()
    else if (blow === 'pass') await world.advance(ms)
    else if (blow === 'stopChild' || blow === 'restartChild') this.order(blow, path)
    else if (this.census.latest(path) !== undefined) this.tell(blow, this.crew.ref(path), ms, path)
  }

  /** Nobody waits for ever: after a while all that lives runs, and all that was asked is settled. */
  async calm(t: ExecutionContext): Promise<void> {
    const { world, spec } = this
    await world.advance(20_000)
    const { actors } = world.system.snapshot()
    t.deepEqual(
      actors.filter(({ phase }) => phase !== 'running').map(({ path, phase }) => `${path} ${phase}`),
      [],
    )
    t.true(
      this.questions.every(({ isPending }) => !isPending),
      'every question is settled',
    )
    const living = new Set(actors.map(({ path }) => path.slice('greenroom/'.length)))
    for (const path of this.paths) {
      const ref = this.census.latest(path)
      const isMissing = !living.has(path) && living.has(apart(path)[0])
      if (isMissing && specAt(spec, path).restart === 'permanent') {
        t.true(this.stopped.has(ref!), `${path} is permanent, and nobody has stopped it`)
      }
    }
  }

  async end(t: ExecutionContext, graceMs: number): Promise<void> {
    this.world.look(this.world.system.stop({ graceMs }))
    await this.world.end(t)
    this.census.check(t)
    this.census.checkIntensities(t, this.spec)
  }

  private tell(blow: string, ref: Ref<Task>, ms: number, path: string): void {
    const { ctx } = this.world
    if (blow === 'stop' || blow === 'stopRef') this.stopped.add(ref)
    if (blow === 'stopRef') this.questions.push(ref.stop())
    else if (specAt(this.spec, path).kind === 'supervisor') return
    else if (blow === 'hello') this.asked(ref.ask(ctx, { type: 'hello' }))
    else ref.send(ctx, (blow === 'work' ? { type: blow, ms } : { type: blow }) as Task)
  }

  private order(type: 'stopChild' | 'restartChild', path: string): void {
    const [above, name] = apart(path)
    if (this.census.latest(above) === undefined) return
    const question = supervisorAt(this.crew, above).ask(this.world.ctx, { type, name })
    question.listen((answer) => {
      const isAway = type === 'stopChild' || (answer as { outcome: string }).outcome === 'failed'
      if (isAway) this.noteStopped(path)
    }, ignore)
    this.asked(question)
  }

  private noteStopped(path: string): void {
    for (const ref of this.census.all(path)) this.stopped.add(ref)
  }

  private asked(question: Deferred<unknown>): void {
    this.world.look(question)
    this.questions.push(question)
  }
}

test('whatever comes at once, a tree comes to rest, whole, and ends without a trace', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      anyTree(false),
      fc.array(blow, { maxLength: 40 }),
      fc.boolean(),
      fc.constantFrom(0, 20, 5_000),
      async (spec, blows, isCalm, graceMs) => {
        const storm = new Storm(spec)
        for (const each of blows) await storm.take(each)
        if (isCalm) await storm.calm(t)
        await storm.end(t, graceMs)
      },
    ),
    { numRuns: 300, reporter: reportTo(t) },
  )
})

// ── What is always so ────────────────────────────────────────────────────────────────────────────────────────────────

/** A restart that was told of: of whom, in which life of which supervisor, and when. */
interface Restarted {
  readonly path: string
  readonly above: Ref | undefined
  readonly life: number
  readonly atMs: number
}

/** All actors that ever lived, and what the event stream told of them. */
class Census {
  private readonly actors: { readonly ref: Ref; readonly path: string; downs: number; stops: number }[] = []
  private readonly restarts: Restarted[] = []
  private readonly disorders: string[] = []

  constructor(world: World) {
    const { events } = world.system
    events.on('spawned', ({ ref }) => {
      const actor = { ref, path: pathOf(ref), downs: 0, stops: 0 }
      this.actors.push(actor)
      ref.watch().listen(() => {
        actor.downs += 1
      }, ignore)
    })
    events.on('stopped', ({ ref, reason }) => this.hasStopped(ref, endOf(reason)))
    events.on('restarted', ({ ref }) => {
      const path = pathOf(ref)
      const [above] = apart(path)
      const life = this.restarts.filter((restart) => restart.path === above).length
      this.restarts.push({ path, above: this.latest(above), life, atMs: world.clock.nowMs() })
    })
  }

  latest(path: string): Ref | undefined {
    return this.all(path).at(-1)
  }

  all(path: string): Ref[] {
    return this.actors.filter((actor) => actor.path === path).map(({ ref }) => ref)
  }

  check(t: ExecutionContext): void {
    for (const { path, downs, stops } of this.actors) t.deepEqual([path, downs, stops], [path, 1, 1])
    t.deepEqual(this.disorders, [])
  }

  /**
   * Where all children are workers that end at once and are not made to wait, each restart is told of at the instant of
   * its decision; a group's once for each member.
   */
  checkIntensities(t: ExecutionContext, spec: SupervisorSpec, path = 'tree'): void {
    const isPlain =
      spec.backoffMs === 0 &&
      spec.children.every(({ kind, shutdownMs }) => kind === 'worker' && shutdownMs === 0)
    const paths = spec.children.map((_child, index) => `${path}/c${index}`)
    if (isPlain && spec.strategy === 'one_for_one') this.checkIntensity(t, spec, paths)
    for (const [index, child] of spec.children.entries()) {
      if (child.kind === 'supervisor') this.checkIntensities(t, child, paths[index])
      else if (isPlain) this.checkIntensity(t, spec, [paths[index]!])
    }
  }

  private checkIntensity(t: ExecutionContext, { intensity }: SupervisorSpec, paths: readonly string[]): void {
    const restarts = this.restarts.filter(({ path }) => paths.includes(path))
    for (const last of restarts) {
      const inPeriod = restarts.filter(
        ({ above, life, atMs }) =>
          above === last.above && life === last.life && atMs <= last.atMs && last.atMs - atMs < PERIOD_MS,
      )
      t.true(inPeriod.length <= intensity, `${paths.join(', ')}: ${inPeriod.length} restarts in the period`)
    }
  }

  private hasStopped(ref: Ref, end: string): void {
    const path = pathOf(ref)
    this.actors.find((actor) => actor.ref === ref)!.stops += 1
    for (const { path: otherPath, stops } of this.actors) {
      if (stops > 0) continue
      if (otherPath.startsWith(`${path}/`)) this.disorders.push(`${path} has ended before ${otherPath}`)
      const isYounger = apart(otherPath)[0] === apart(path)[0] && placeOf(otherPath) > placeOf(path)
      if (isYounger && end === 'stopped its parent has ended') {
        this.disorders.push(`${path} has ended with its parent before ${otherPath}, which is younger`)
      }
    }
  }
}

/** The number of a child in the list of its supervisor, where one that is started again by hand has its old place. */
function placeOf(path: string): number {
  return Number(path.slice(path.lastIndexOf('/c') + 2))
}

/** Tells seed and counterexample beside the failed assertion, which is all that is shown otherwise. */
function reportTo(t: ExecutionContext): <Ts>(details: fc.RunDetails<Ts>) => void {
  return (details) => {
    const message = fc.defaultReportMessage(details)
    if (message === undefined) return
    t.log(message)
    throw new Error('a counterexample was found')
  }
}

function pathOf(ref: Ref): string {
  return ref.path.slice('greenroom/'.length)
}

/** The path of the supervisor, and the name below it. */
function apart(path: string): [above: string, name: string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

function specAt(spec: TreeSpec, path: string): TreeSpec {
  const names = path.split('/').slice(1)
  return names.reduce((above, name) => (above as SupervisorSpec).children[Number(name.slice(1))]!, spec)
}

function supervisorAt(crew: Crew, path: string): Ref<AnyEvent> {
  return crew.ref(path) as Ref as Ref<AnyEvent>
}
