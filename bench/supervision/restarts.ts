/** Workers that crash, and are made anew by their supervisors. */

import type { ActorSystem, Ref, SupervisorConfig } from '../../runtime/index.ts'
import { behaviour, child, supervisor } from '../built.ts'
import { Countdown } from '../spawn/work.ts'
import { GROUP_SIZE, GROUPS, WORKERS } from './work.ts'

type Told = { readonly type: 'crash' | 'crashUntraced' } | { readonly type: 'add'; readonly n: number }

/** Made once: what it costs to take down where an error comes from is not paid again. */
const untraced = new Error('told to crash')
const lives = new Countdown()
const handled = new Countdown()

const worker = behaviour({
  initial: 'working',
  data: () => {
    lives.tick()
    return { sum: 0 }
  },
  states: {
    working: {
      crash: () => {
        throw new Error('told to crash')
      },
      crashUntraced: () => {
        throw untraced
      },
      add: ({ data }, { n }: { type: 'add'; n: number }) => {
        data.sum += n
        // Each life is told one number before it crashes.
        if (data.sum !== n) throw new RangeError('handled by the old life')
        handled.tick()
      },
    },
  },
})

export class Crews {
  private readonly system: ActorSystem
  private readonly crew: readonly Ref<Told>[]
  private readonly groups: readonly (readonly Ref<Told>[])[]

  private constructor(
    system: ActorSystem,
    crew: readonly Ref<Told>[],
    groups: readonly (readonly Ref<Told>[])[],
  ) {
    this.system = system
    this.crew = crew
    this.groups = groups
  }

  static async start(system: ActorSystem): Promise<Crews> {
    const crew = await childrenOf(system, 'one_for_one', WORKERS)
    const groups: (readonly Ref<Told>[])[] = []
    for (let n = 0; n < GROUPS; n++) groups.push(await childrenOf(system, 'one_for_all', GROUP_SIZE))
    return new Crews(system, crew, groups)
  }

  /** The mail that waits behind a crash is the new life's. @returns how many restarts there were. */
  async restartEach(type: 'crash' | 'crashUntraced'): Promise<number> {
    const allHandled = handled.start(WORKERS)
    const { ctx } = this.system
    for (const worker of this.crew) {
      worker.send(ctx, { type })
      worker.send(ctx, { type: 'add', n: 1 })
    }
    await allHandled
    return WORKERS
  }

  /** The siblings' mail may be handled before they are taken down: they are told when they are new. */
  async restartGroups(): Promise<number> {
    const { ctx } = this.system
    const allNew = lives.start(GROUPS * GROUP_SIZE)
    for (const [first] of this.groups) first?.send(ctx, { type: 'crash' })
    await allNew
    const allHandled = handled.start(GROUPS * GROUP_SIZE)
    for (const group of this.groups) for (const worker of group) worker.send(ctx, { type: 'add', n: 1 })
    await allHandled
    return GROUPS
  }
}

async function childrenOf(
  system: ActorSystem,
  strategy: NonNullable<SupervisorConfig<never, undefined>['strategy']>,
  count: number,
): Promise<readonly Ref<Told>[]> {
  const children = Array.from({ length: count }, (_, n) => child(`worker-${n}`, worker))
  const supervising = system.spawn(
    system.ctx,
    supervisor({ strategy, intensity: Number.POSITIVE_INFINITY, children }),
  )
  const statuses = await supervising.ask(system.ctx, { type: 'children' })
  return statuses.map(({ name, ref }) => {
    if (ref === undefined) throw new Error(`${name} has not been started`)
    return ref
  })
}
