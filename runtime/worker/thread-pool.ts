/**
 * A pool of threads behind one ref: each message goes to the thread that has the least under way.
 *
 * Its members are its children, actors on threads that are restarted whatever they end of. A message waits in the mailbox of
 * the pool until a member has room; so `full` means that all of them are.
 */
import { availableParallelism } from 'node:os'
import { UsageError } from '../errors.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import type { Cell } from '../system/cell.ts'
import type { AnyLogic, Host, Instance } from '../system/logic.ts'
import type { RestartPace } from '../system/options.ts'
import type { EndReason, Ref } from '../system/ref.ts'
import { NearEnd, type NearEndPlan, type Seat } from './near-end.ts'
import { checkOptions, nearEndPlan, type OnThread, THREAD_OPTIONS, type ThreadOptions } from './on-thread.ts'
import type { LogicName, ThreadModule } from './thread-module.ts'

export interface ThreadPoolOptions extends ThreadOptions {
  /** Threads. From 1 to 1,024; default: one less than this machine runs at once, and at least 1. */
  readonly size?: number
  /** How often, and how soon, a member is restarted. Default: a backoff of 100 ms to 10 s, without an end. */
  readonly restart?: RestartPace
  /** Milliseconds that a member is given to finish when the pool ends. Default 5,000. */
  readonly shutdownMs?: number
}

export const THREADS_MAX = 1_024

/** As many threads as this machine runs at once, beside the one at home. */
export function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1)
}

/**
 * A logic as `onThread` makes it, with several threads, of which each runs an actor of the module's logic. Messages to the
 * pool are in no order among each other, but where there is one thread.
 *
 * @throws UsageError (`THREAD_POOL_SIZE`, `THREAD_OPTION_INVALID`, `THREAD_LIMIT_INVALID`)
 */
export function threadPool<M extends object, Name extends LogicName<M>>(
  module: ThreadModule<M>,
  name: Name,
  options: ThreadPoolOptions = {},
): OnThread<M, Name> {
  checkOptions(options, [...THREAD_OPTIONS, 'size', 'restart', 'shutdownMs'])
  const { size = defaultThreads(), restart = {}, shutdownMs, ...thread } = options
  if (!Number.isInteger(size) || size < 1 || size > THREADS_MAX) {
    throw new UsageError(
      'THREAD_POOL_SIZE',
      `a pool has a whole number of threads from 1 to ${THREADS_MAX}, not ${String(size)}`,
    )
  }
  const plan = nearEndPlan(module, name, thread)
  return {
    name: `${name} on ${size} threads`,
    needs: [],
    create: (host, _ctx, input) => {
      const pool = new ThreadPool(host)
      const kept = { backoff: {}, ...restart, policy: 'permanent' } as const
      for (let seat = 1; seat <= size; seat++) pool.add(plan, `${seat}`, { input, restart: kept, shutdownMs })
      return pool
    },
  }
}

interface Member extends Seat {
  cell: Cell | undefined
}

class ThreadPool implements Instance {
  private readonly host: Host
  private readonly members: Member[] = []
  private finishing: 'restart' | 'end' | undefined = undefined

  constructor(host: Host) {
    this.host = host
  }

  add(plan: NearEndPlan, name: string, options: object): void {
    const member: Member = {
      nearEnd: undefined,
      cell: undefined,
      onRoom: () => {
        if (this.host.mail.size > 0) this.host.resumeLater()
        this.finishIfDone()
      },
      giveBack: (envelopes) => this.host.giveBack(envelopes),
    }
    const logic: AnyLogic = {
      name: plan.exported,
      needs: [],
      create: (host, _ctx, input) => new NearEnd(host, { ...plan, seat: member }, input),
    }
    const { shutdownMs } = options as { shutdownMs?: number }
    const ref: Ref = this.host.spawnChild(this.host.ownContext, logic, {
      ...options,
      name,
      shutdownMs: shutdownMs ?? this.host.limits.shutdownMs,
      // What the pool gives it may be under way or wait here: it takes as much as it is counted to have room for.
      mailbox: { capacity: plan.limits.credits },
    })
    member.cell = ref as Cell
    this.members.push(member)
    ref.watch().listen(
      ({ reason }) => this.left(member, reason),
      () => {},
    )
  }

  receive(envelope: Envelope): void {
    this.freest?.cell?.deliver(envelope)
  }

  /** A member was restarted too often, or somebody has stopped it: it will not come back. */
  private left(member: Member, reason: EndReason): void {
    this.members.splice(this.members.indexOf(member), 1)
    if (reason.kind === 'failed') this.host.fail(reason.error)
    else if (this.members.length === 0) this.host.requestStop(reason)
    else this.finishIfDone()
  }

  get isBusy(): boolean {
    return this.freest === undefined
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  /** Members that wait for their restart have nothing to finish. */
  drain(isRestart: boolean): void {
    this.finishing = isRestart ? 'restart' : 'end'
    this.finishIfDone()
  }

  private finishIfDone(): void {
    const { finishing, host } = this
    if (finishing === undefined || this.underWay > 0) return
    if (finishing === 'restart' || host.mail.size === 0) host.drained()
  }

  /** The members do. */
  get keepsQuestions(): boolean {
    return true
  }

  get underWay(): number {
    return this.members.reduce((sum, { nearEnd }) => sum + (nearEnd?.load ?? 0), 0)
  }

  release(): void {}

  get value(): string {
    return `${this.members.filter(({ nearEnd }) => nearEnd?.value === 'running').length} of ${this.members.length} running`
  }

  get context(): unknown {
    return undefined
  }

  /** The member with the least under way, if any has room. */
  private get freest(): Member | undefined {
    let freest: Member | undefined
    let least = Number.POSITIVE_INFINITY
    for (const member of this.members) {
      const { nearEnd } = member
      if (nearEnd?.hasRoom !== true || nearEnd.load >= least) continue
      least = nearEnd.load
      freest = member
    }
    return freest
  }
}
