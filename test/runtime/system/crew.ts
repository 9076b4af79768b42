/**
 * Workers that tell of each start and end of theirs, and otherwise do what they are told: for tests of supervision. And
 * a look at them by their paths.
 */
import { InvariantError } from '../../../runtime/errors.ts'
import { type ChildOptions, type ChildSpec, child } from '../../../runtime/system/child-spec.ts'
import type { Logic } from '../../../runtime/system/logic.ts'
import { type Received, receiving } from '../../../runtime/system/receiving.ts'
import type { Ask, Ref } from '../../../runtime/system/ref.ts'
import type { World } from './world.ts'

/** What a worker is told to do. */
export type Task =
  | { readonly type: 'fail' | 'bug' | 'finish' | 'stop' }
  /** Takes no mail for so long; then it says so. */
  | { readonly type: 'work'; readonly ms: number }
  /** Which life of it this is, from 1. */
  | Ask<{ readonly type: 'hello' }, number>

export interface WorkerPlan {
  /** The starts that fail, from 1. Default: none. */
  readonly badStarts?: readonly number[]
}

export class Crew {
  /** `+a` for a start of `a`, `!a` for one that failed, `=a` for work done, `-a` for an end of its instance. In order. */
  readonly life: string[] = []
  private readonly world: World
  /** The latest of each path. */
  private readonly refs = new Map<string, Ref>()
  private readonly starts = new Map<string, number>()

  constructor(world: World) {
    this.world = world
    world.system.events.on('spawned', ({ ref }) => void this.refs.set(ref.path, ref))
  }

  /** What was noted since the last call. */
  news(): string[] {
    return this.life.splice(0)
  }

  worker(name: string, { badStarts = [] }: WorkerPlan = {}): Logic<Task> {
    const { life, starts } = this
    return receiving<Task>(function* ({ receive, wait, stop }) {
      const start = (starts.get(name) ?? 0) + 1
      starts.set(name, start)
      if (badStarts.includes(start)) {
        life.push(`!${name}`)
        throw new Error(`${name} cannot start`)
      }
      life.push(`+${name}`)
      try {
        for (;;) {
          const { event, ctx, reply }: Received<Task, never> = yield* receive()
          if (event.type === 'fail') throw new Error(`${name} failed`)
          if (event.type === 'bug') throw new InvariantError('IMPOSSIBLE', `${name} has a bug`)
          if (event.type === 'finish') return name
          if (event.type === 'stop') stop('enough')
          if (event.type === 'hello') reply(start)
          if (event.type === 'work') {
            yield* wait(ctx.after(event.ms))
            life.push(`=${name}`)
          }
        }
      } finally {
        life.push(`-${name}`)
      }
    })
  }

  child(name: string, options?: ChildOptions, plan?: WorkerPlan): ChildSpec {
    return child(name, this.worker(name, plan), options)
  }

  /** The latest actor of a path, which is given without the system's name. */
  ref(path: string): Ref<Task> {
    const ref = this.refs.get(`greenroom/${path}`)
    if (ref === undefined) throw new Error(`nobody was ever at ${path}`)
    return ref as Ref as Ref<Task>
  }

  isAlive(path: string): boolean {
    return this.ref(path).isAlive
  }

  /** Tells a worker what to do; it will, with the next turn. */
  tell(path: string, task: Task): void {
    const offer = this.ref(path).send(this.world.ctx, task)
    if (offer !== 'accepted') throw new Error(`${path} does not take that: ${offer}`)
  }

  /** Tells a worker what to do, and lets everybody act on what comes of it. */
  async order(path: string, type: 'fail' | 'bug' | 'finish' | 'stop'): Promise<void> {
    this.tell(path, { type })
    await this.world.settle()
  }
}
