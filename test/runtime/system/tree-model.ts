/**
 * Random trees of supervisors, and a plain model of what becomes of them: which actors live, how often each was
 * restarted, and in which order workers start and end. The model knows failures one at a time, of actors that are idle.
 */
import fc from 'fast-check'
import { type ChildSpec, child } from '../../../runtime/system/child-spec.ts'
import type { Restart } from '../../../runtime/system/options.ts'
import type { Strategy } from '../../../runtime/system/supervision.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import type { Crew, WorkerPlan } from './crew.ts'

export interface WorkerSpec {
  readonly kind: 'worker'
  readonly restart: Restart
  readonly shutdownMs: number
  readonly plan: WorkerPlan
}

export interface SupervisorSpec {
  readonly kind: 'supervisor'
  readonly restart: Restart
  readonly shutdownMs: number
  readonly strategy: Strategy
  readonly intensity: number
  /** Milliseconds before each restart; 0 for at once. */
  readonly backoffMs: number
  /** Named `c0`, `c1`, ... */
  readonly children: readonly TreeSpec[]
}

export type TreeSpec = WorkerSpec | SupervisorSpec

export const PERIOD_MS = 100

const restart = fc.constantFrom<Restart>('permanent', 'permanent', 'transient', 'temporary')
const shutdownMs = fc.constantFrom(0, 30, Number.POSITIVE_INFINITY)

/** Trees of up to three levels below the top. @param isCalm - no start fails, and none waits. */
export function anyTree(isCalm: boolean): fc.Arbitrary<SupervisorSpec> {
  const badStarts = isCalm
    ? fc.constant([])
    : fc.uniqueArray(fc.integer({ min: 2, max: 8 }), { maxLength: 3 })
  return fc.letrec<{ readonly worker: WorkerSpec; readonly node: TreeSpec; readonly tree: SupervisorSpec }>(
    (tie) => ({
      worker: fc.record({
        kind: fc.constant('worker' as const),
        restart,
        shutdownMs,
        plan: fc.record({ badStarts }),
      }),
      node: fc.oneof(
        { maxDepth: 2 },
        { weight: 3, arbitrary: tie('worker') },
        { weight: 2, arbitrary: tie('tree') },
      ),
      tree: fc.record({
        kind: fc.constant('supervisor' as const),
        restart,
        shutdownMs,
        strategy: fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
        intensity: fc.constantFrom(0, 1, 2, 3, 20),
        backoffMs: isCalm ? fc.constant(0) : fc.constantFrom(0, 0, 20),
        children: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      }),
    }),
  ).tree
}

/** The logic of a supervisor whose workers belong to `crew`, which knows them by their paths. */
export function logicOf(
  { strategy, intensity, backoffMs, children }: SupervisorSpec,
  path: string,
  crew: Crew,
) {
  const specs = children.map((spec, index): ChildSpec => {
    const name = `c${index}`
    const { kind, restart, shutdownMs } = spec
    const logic =
      kind === 'worker' ? crew.worker(`${path}/${name}`, spec.plan) : logicOf(spec, `${path}/${name}`, crew)
    return child(name, logic, { restart, shutdownMs })
  })
  const backoff = { minMs: backoffMs, maxMs: backoffMs, jitter: 0 }
  const pace = { intensity, periodMs: PERIOD_MS, ...(backoffMs > 0 && { backoff }) }
  return supervisor({ strategy, ...pace, children: specs })
}

/** The paths of all that may ever live in a tree, below its top. */
export function pathsOf(spec: TreeSpec, path: string): readonly string[] {
  if (spec.kind === 'worker') return []
  return spec.children.flatMap((child, index) => [
    `${path}/c${index}`,
    ...pathsOf(child, `${path}/c${index}`),
  ])
}

type Cause = 'failed' | 'done' | 'bug'

/** One actor of the model, from its first start to its end for good. */
export class ModelActor {
  readonly path: string
  readonly spec: TreeSpec
  readonly parent: ModelActor | undefined
  restarts = 0
  /** Those that live, in the order of their start. */
  children: ModelActor[] = []
  /** When it has restarted its children. */
  private recentMs: number[] = []
  private readonly life: string[]

  /** @param life - gets `+path` and `-path` for each start and end of a worker. */
  constructor(spec: TreeSpec, path: string, parent: ModelActor | undefined, life: string[]) {
    this.spec = spec
    this.path = path
    this.parent = parent
    this.life = life
    parent?.children.push(this)
    this.goUp()
  }

  *family(): Generator<ModelActor> {
    yield this
    for (const child of this.children) yield* child.family()
  }

  find(path: string): ModelActor | undefined {
    for (const actor of this.family()) if (actor.path === path) return actor
    return undefined
  }

  /** Somebody stops it. */
  stop(): void {
    this.goDown()
    this.leave()
  }

  /** It has come to an end by itself. */
  end(cause: Cause, nowMs: number): void {
    const { parent } = this
    const above = parent?.spec
    if (parent === undefined || above?.kind !== 'supervisor') {
      this.stop()
    } else if (!wantsRestart(this.spec.restart, cause)) {
      this.stop()
      if (cause === 'bug') parent.end('bug', nowMs)
    } else if (!parent.mayRestart(above.intensity, nowMs)) {
      this.stop()
      parent.end('failed', nowMs)
    } else if (above.strategy === 'one_for_one') {
      this.goDown()
      this.startAgain()
    } else {
      this.goDown()
      parent.restartGroup(above.strategy === 'one_for_all' ? 0 : parent.children.indexOf(this), this)
    }
  }

  /** Starts a child that had ended, in its old place. */
  restartChild(index: number): void {
    if (this.spec.kind === 'supervisor') {
      new ModelActor(this.spec.children[index]!, `${this.path}/c${index}`, this, this.life)
      this.children.sort((one, other) => one.place - other.place)
    }
  }

  /** Its number in the list of its supervisor. */
  private get place(): number {
    return Number(this.path.slice(this.path.lastIndexOf('/c') + 2))
  }

  private mayRestart(intensity: number, nowMs: number): boolean {
    this.recentMs = this.recentMs.filter((atMs) => nowMs - atMs < PERIOD_MS)
    if (this.recentMs.length >= intensity) return false
    this.recentMs.push(nowMs)
    return true
  }

  /** The children from `first` on begin anew. @param failed - the one that is down already. */
  private restartGroup(first: number, failed: ModelActor): void {
    const group = this.children.slice(first)
    for (const member of [...group].reverse()) {
      if (member === failed) continue
      if (member.spec.restart === 'temporary') member.stop()
      else member.goDown()
    }
    for (const member of group) if (this.children.includes(member)) member.startAgain()
  }

  private startAgain(): void {
    this.restarts += 1
    this.goUp()
  }

  private goUp(): void {
    const { spec, path, life } = this
    this.recentMs = []
    if (spec.kind === 'worker') life.push(`+${path}`)
    else
      for (const [index, child] of spec.children.entries())
        new ModelActor(child, `${path}/c${index}`, this, life)
  }

  private goDown(): void {
    for (const child of [...this.children].reverse()) child.stop()
    if (this.spec.kind === 'worker') this.life.push(`-${this.path}`)
  }

  private leave(): void {
    const { parent } = this
    if (parent !== undefined) parent.children = parent.children.filter((child) => child !== this)
  }
}

function wantsRestart(restart: Restart, cause: Cause): boolean {
  if (cause === 'bug') return false
  return restart === 'permanent' || (restart === 'transient' && cause === 'failed')
}
