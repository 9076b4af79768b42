/**
 * The logic of a pool's members: actors that do jobs, at home or on a thread.
 *
 * `jobs` and `batches` make the usual ones; any other logic will do that answers the same events. A job that fails is an
 * answer like any other: it fails that job, and not the member. What ends a member (an exception of its own, a thread that
 * is lost) is the stage's matter.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { isThenable } from '../../runtime/deferred/thenable.ts'
import type { Envelope } from '../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../runtime/system/logic.ts'
import { withNeeds } from '../../runtime/system/needs.ts'
import type { Ask } from '../../runtime/system/ref.ts'
import type { Outcome } from './outcome.ts'
import { crossing } from './wire-outcomes.ts'

/** One job, in its own context. Answered with its result. */
export interface JobEvent<J> {
  readonly type: 'job'
  readonly job: J
}

/** Several jobs, in the stage's context, with the latest of their deadlines. Answered with an outcome for each, in order. */
export interface BatchEvent<J> {
  readonly type: 'batch'
  readonly jobs: readonly J[]
}

export interface MemberOptions<K extends AnyKey> {
  /** For people: shown by inspectors. */
  readonly name?: string
  /** The keys that the handler looks up; they must be in the stage's context, or be provided by the thread's module. */
  readonly needs?: readonly K[]
}

/**
 * Makes the logic of members that take a job at a time.
 *
 *     export const hash = jobs<Password, string>((password) => scryptSync(password, salt, 64).toString('hex'))
 *
 * A handler that gives a promise leaves the member free for the next job meanwhile; a stage gives a member no more than its
 * limit `prefetch` at once.
 */
export function jobs<J, R, K extends AnyKey = never>(
  handle: (job: J, ctx: Context<K>) => R | PromiseLike<R>,
  options: MemberOptions<K> = {},
): Logic<Ask<JobEvent<J>, R>, K> {
  const { name = 'jobs', needs = [] } = options
  return {
    name,
    needs,
    create: (host) =>
      new Member(host, 'job', needs, (event, ctx) => handle((event as JobEvent<J>).job, ctx as Context<K>)),
  }
}

/**
 * Makes the logic of members that take several jobs at once, and give an outcome for each, in their order.
 *
 *     export const insert = batches<Row, number>((rows) => insertAll(rows).map((id) => ({ ok: true, value: id })))
 *
 * A batch that fails as a whole fails all of its jobs.
 */
export function batches<J, R, K extends AnyKey = never>(
  handle: (jobs: readonly J[], ctx: Context<K>) => readonly Outcome<R>[] | PromiseLike<readonly Outcome<R>[]>,
  options: MemberOptions<K> = {},
): Logic<Ask<BatchEvent<J>, readonly Outcome<R>[]>, K> {
  const { name = 'batches', needs = [] } = options
  return {
    name,
    needs,
    create: (host) =>
      new Member(host, 'batch', needs, (event, ctx) => {
        const outcomes = handle((event as BatchEvent<J>).jobs, ctx as Context<K>)
        return isThenable(outcomes)
          ? Deferred.from(outcomes as PromiseLike<readonly Outcome<R>[]>).then(crossing)
          : crossing(outcomes as readonly Outcome<R>[])
      }),
  }
}

class Member implements Instance {
  private readonly host: Host
  private readonly type: string
  private readonly needs: readonly AnyKey[]
  private readonly handle: (event: unknown, ctx: Context) => unknown

  constructor(
    host: Host,
    type: string,
    needs: readonly AnyKey[],
    handle: (event: unknown, ctx: Context) => unknown,
  ) {
    this.host = host
    this.type = type
    this.needs = needs
    this.handle = handle
  }

  receive(envelope: Envelope): void {
    const { host, needs } = this
    if (envelope.event.type !== this.type) {
      host.unhandled(envelope)
      return
    }
    const own = envelope.handlingCtx
    const ctx = needs.length === 0 ? own : withNeeds(own, needs, host.ownContext)
    let result: unknown
    try {
      result = this.handle(envelope.event, ctx as Context)
      // What cannot even be looked at fails its job, and not the member.
      isThenable(result)
    } catch (error) {
      result = Deferred.fail(error)
    }
    // One that was told and not asked has nobody else to fail for: then it fails the member, as with any handler.
    host.answer(envelope, result)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  release(): void {}

  get value(): string {
    return 'ready'
  }

  get context(): unknown {
    return undefined
  }
}
