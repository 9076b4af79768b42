/**
 * An actor as a generator that receives, for conversations: what comes next depends on where one stands in the code.
 *
 *     const session = receiving<SessionEvent>(function* ({ receive, wait }) {
 *       const { event: login } = yield* receive('login')
 *       const account = yield* wait(load(login.name))
 *       for (;;) { const { event, reply } = yield* receive('say', 'leave'); ... }
 *     })
 *
 * Receiving is selective: events of other types are stashed, in order, and offered first to the next `receive`. The
 * stash is bounded (`stashCapacity`); one event too many fails the actor rather than grow without end. What is stashed
 * when the actor restarts goes back to the front of its mailbox, for the next life. When the
 * generator returns, the actor is done; what it throws fails the actor; when it is stopped its `finally` blocks run.
 */
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import { stashFullError } from './errors.ts'
import type { ActorScope, Host, Instance, Logic } from './logic.ts'
import { withNeeds } from './needs.ts'
import type { AnyEvent, EventOfType, OpenEvent, Ref, ReplyOf } from './ref.ts'
import { Scope } from './scope.ts'

/** A message, as `receive` gives it. */
export interface Received<E extends EventObject, K extends AnyKey> {
  readonly event: E
  readonly ctx: Context<K>
  readonly sender: Ref | undefined
  /** Answers, if it was a question; else does nothing. A deferred or promise may be given. Only the first answer counts. */
  readonly reply: (value: ReplyOf<E> | PromiseLike<ReplyOf<E>>) => void
}

/** What the generator gets. Its members may be taken apart. */
export interface ReceivingScope<E extends EventObject, K extends AnyKey, I> extends ActorScope<K> {
  readonly input: I
  /** Suspends until an event of one of `types` is there; without types, any event. */
  readonly receive: {
    (): Generator<Wait, Received<E, K>, Resumption>
    <Type extends E['type']>(
      ...types: readonly Type[]
    ): Generator<Wait, Received<EventOfType<E, Type> | OpenEvent<E>, K>, Resumption>
  }
  /** Suspends until `source` has a result, which it gives or throws. Mail waits in the mailbox. Cancelled if stopped. */
  readonly wait: <T>(source: T | PromiseLike<T>) => Generator<Wait, T, Resumption>
}

/** What a receiving generator yields: made by `receive` and `wait`, of no use to others. */
export class Wait {
  readonly types: readonly string[] | undefined
  readonly source: Deferred<unknown> | undefined

  constructor(types: readonly string[] | undefined, source: Deferred<unknown> | undefined) {
    this.types = types
    this.source = source
  }
}

/** What it is resumed with: an envelope, or the value that it waited for. */
export type Resumption = unknown

export interface ReceivingOptions<K extends AnyKey> {
  readonly name?: string
  readonly needs?: readonly K[]
}

/** Makes the logic. `E`: the events that it understands, `I`: its input. */
export function receiving<E extends EventObject = AnyEvent, I = undefined, K extends AnyKey = never>(
  body: (scope: ReceivingScope<E, K, I>, ctx: Context<K>) => Generator<Wait, unknown, Resumption>,
  options: ReceivingOptions<K> = {},
): Logic<E, K, I> {
  const needs = options.needs ?? []
  return {
    name: options.name ?? (body.name || 'receiving'),
    needs,
    create(host, ctx, input) {
      const instance = new ReceivingInstance(host)
      instance.begin(body(new SuspendingScope<E, K, I>(host, needs, input), ctx))
      return instance
    },
  }
}

/** An empty stash, shared: most actors never stash anything. Never pushed to. */
const NOTHING: Envelope[] = []

type Body = Generator<Wait, unknown, Resumption>

class ReceivingInstance implements Instance {
  private readonly host: Host
  private generator: Body | undefined = undefined
  private waiting: Wait | undefined = undefined
  private stash: Envelope[] = NOTHING
  /** In which the message came that it has received last. */
  workingIn: Context | undefined = undefined
  private outcome: { readonly isValue: boolean; readonly result: unknown } | undefined = undefined

  constructor(host: Host) {
    this.host = host
  }

  begin(generator: Body): void {
    this.generator = generator
    this.advance(generator.next())
  }

  receive(envelope: Envelope): void {
    const { generator } = this
    if (generator === undefined || !this.wants(envelope)) {
      this.put(envelope)
      return
    }
    this.waiting = undefined
    this.workingIn = envelope.ctx
    this.advance(generator.next(envelope))
  }

  get isBusy(): boolean {
    return this.waiting?.source !== undefined
  }

  resume(): void {
    const { generator, outcome } = this
    if (generator === undefined || outcome === undefined) return
    this.outcome = undefined
    this.waiting = undefined
    this.advance(outcome.isValue ? generator.next(outcome.result) : generator.throw(outcome.result))
  }

  get drains(): boolean {
    return this.waiting?.types?.includes('drain') ?? false
  }

  release(): void {
    const { generator, waiting, stash } = this
    this.generator = undefined
    this.waiting = undefined
    this.stash = NOTHING
    waiting?.source?.cancel('the actor that waited for it has ended')
    if (stash.length > 0) this.host.giveBack(stash)
    generator?.return(undefined)
  }

  /** What it waits for stands for its state. */
  get value(): string {
    const { waiting } = this
    if (waiting === undefined) return 'running'
    return waiting.source === undefined ? `receiving ${waiting.types?.join(', ') ?? 'anything'}` : 'waiting'
  }

  get context(): unknown {
    return { stashed: this.stash.length }
  }

  /** Runs on until the generator waits for something that is not there yet. */
  private advance(first: IteratorResult<Wait, unknown>): void {
    let step = first
    while (step.done !== true) {
      const wait = step.value
      if (!(wait instanceof Wait)) {
        this.generator?.return(undefined)
        throw strangeYield()
      }
      this.waiting = wait
      if (wait.source !== undefined) {
        this.await(wait, wait.source)
        return
      }
      const envelope = this.unstash()
      if (envelope === undefined) return
      this.waiting = undefined
      this.workingIn = envelope.ctx
      step = (this.generator as Body).next(envelope)
    }
    this.generator = undefined
    this.host.finish(step.value)
  }

  /** The oldest that is wanted, and that anybody still wants. */
  private unstash(): Envelope | undefined {
    const { stash } = this
    for (let index = 0; index < stash.length; ) {
      const envelope = stash[index] as Envelope
      const isExpired = envelope.isExpired
      if (!isExpired && !this.wants(envelope)) {
        index += 1
        continue
      }
      stash.splice(index, 1)
      if (!isExpired) return envelope
      this.host.undelivered(envelope, 'expired')
    }
    return undefined
  }

  private await(wait: Wait, source: Deferred<unknown>): void {
    const settled = (isValue: boolean, result: unknown): void => {
      if (this.waiting !== wait) return
      this.outcome = { isValue, result }
      this.host.resumeLater()
    }
    source.listen(
      (value) => settled(true, value),
      (error) => settled(false, error),
    )
  }

  private wants({ event }: Envelope): boolean {
    const { waiting } = this
    return (
      waiting !== undefined && waiting.source === undefined && (waiting.types?.includes(event.type) ?? true)
    )
  }

  /** Nobody wants these any more: they take no places from others. */
  private dropExpired(): void {
    const { stash } = this
    this.stash = stash.filter(({ isExpired }) => !isExpired)
    for (const envelope of stash) if (envelope.isExpired) this.host.undelivered(envelope, 'expired')
  }

  private put(envelope: Envelope): void {
    const { stashCapacity } = this.host.limits
    if (this.stash.length >= stashCapacity) this.dropExpired()
    if (this.stash.length >= stashCapacity) {
      throw stashFullError(envelope.event, stashCapacity, this.waiting?.types?.join(', ') ?? 'nothing')
    }
    if (this.stash === NOTHING) this.stash = []
    this.stash.push(envelope)
  }
}

/** The generator's view: the actor's scope, with the means to suspend. */
class SuspendingScope<E extends EventObject, K extends AnyKey, I>
  extends Scope<K>
  implements ReceivingScope<E, K, I>
{
  private readonly needs: readonly AnyKey[]
  readonly input: I

  constructor(host: Host, needs: readonly AnyKey[], input: I) {
    super(host)
    this.needs = needs
    this.input = input
  }

  get receive(): ReceivingScope<E, K, I>['receive'] {
    const { host, needs } = this
    return function* receive(...types: readonly string[]) {
      const envelope = (yield new Wait(types.length === 0 ? undefined : types, undefined)) as Envelope
      return new Message(host, envelope, needs)
    } as unknown as ReceivingScope<E, K, I>['receive']
  }

  get wait(): ReceivingScope<E, K, I>['wait'] {
    return function* wait<T>(source: T | PromiseLike<T>) {
      // A branch of its own: what is called off at this actor's end may be waited for by others.
      const branch = new Deferred<T>()
      branch.resolve(source)
      return (yield new Wait(undefined, branch as Deferred<unknown>)) as T
    }
  }
}

class Message implements Received<AnyEvent, AnyKey> {
  readonly event: AnyEvent
  private readonly host: Host
  private readonly envelope: Envelope
  private readonly needs: readonly AnyKey[]
  private madeCtx: Context<AnyKey> | undefined = undefined
  private isAnswered = false

  constructor(host: Host, envelope: Envelope, needs: readonly AnyKey[]) {
    this.host = host
    this.envelope = envelope
    this.needs = needs
    this.event = envelope.event
  }

  get ctx(): Context<AnyKey> {
    this.madeCtx ??= this.makeCtx()
    return this.madeCtx
  }

  private makeCtx(): Context<AnyKey> {
    const { envelope, needs, host } = this
    const ctx = envelope.handlingCtx
    return needs.length === 0 ? (ctx as unknown as Context<AnyKey>) : withNeeds(ctx, needs, host.ownContext)
  }

  get sender(): Ref | undefined {
    return this.envelope.sender as Ref | undefined
  }

  get reply(): (value: unknown) => void {
    return (value) => {
      if (this.isAnswered) return
      this.isAnswered = true
      this.host.answer(this.envelope, value)
    }
  }
}

function strangeYield(): UsageError {
  return new UsageError(
    'RECEIVING_YIELD',
    'a receiving generator yields by `yield* receive(...)` and `yield* wait(...)` alone',
  )
}
