/**
 * Any xstate logic, run as an actor of ours: its own `Actor` stands behind our mailbox, and sees the context as
 * `event.ctx`.
 */
import { type Actor, type AnyActorLogic, createActor, type Snapshot } from 'xstate'
import type { Context } from '../context/context.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { AnyLogic, Host, Instance } from './logic.ts'
import type { Ref, ReplyOf } from './ref.ts'
import type { XstateParent } from './xstate-root.ts'

/** An event as an xstate machine of ours sees it: with its context, its sender, and a way to answer a question, once. */
export type Delivered<E extends EventObject> = E & {
  readonly ctx: Context
  readonly sender: Ref | undefined
  readonly reply: ((value: ReplyOf<E> | PromiseLike<ReplyOf<E>>) => void) | undefined
}

/** Whether `logic` is xstate's own kind, to be run behind our mailbox. */
export function isXstateLogic(logic: object): logic is AnyActorLogic {
  return (
    typeof (logic as Partial<AnyActorLogic> | undefined)?.transition === 'function' &&
    'getInitialSnapshot' in logic
  )
}

/** Any xstate logic as a logic of ours. */
export function fromXstate(logic: AnyActorLogic): AnyLogic {
  const name = (logic as { id?: unknown }).id
  return {
    name: typeof name === 'string' ? name : 'xstate',
    needs: [],
    create: (host, _ctx, input) => new XstateInstance(host, logic, input),
  }
}

export class XstateInstance implements Instance {
  readonly actor: Actor<AnyActorLogic>
  private readonly host: Host
  private readonly parent: XstateParent
  private isStarted = false
  private thrown: { readonly error: unknown } | undefined = undefined

  constructor(host: Host, logic: AnyActorLogic, input: unknown) {
    this.host = host
    this.parent = host.xstateParent
    this.actor = createActor(logic, { id: host.id, parent: this.parent.actor, input } as object)
    this.actor.subscribe({
      error: (error) => this.failed(error),
      complete: () => this.completed(),
    })
    this.actor.start()
    this.isStarted = true
    this.rethrow()
  }

  receive(envelope: Envelope): void {
    const { event, ctx, sender, reply } = envelope
    const answer = reply === undefined ? undefined : this.answerTo(envelope)
    this.actor.send({ ...event, ctx, sender, reply: answer })
    this.rethrow()
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  release(): void {
    this.parent.stopChild(this.actor)
    this.rethrow()
  }

  get value(): unknown {
    const snapshot = this.actor.getSnapshot() as { value?: unknown; status: string }
    return snapshot.value ?? snapshot.status
  }

  get context(): unknown {
    return (this.actor.getSnapshot() as { context?: unknown }).context
  }

  private answerTo(envelope: Envelope): (value: unknown) => void {
    let isAnswered = false
    return (value) => {
      if (isAnswered) return
      isAnswered = true
      this.host.answer(envelope, value)
    }
  }

  private failed(error: unknown): void {
    // In a step the failure is thrown where the cell expects it; else it comes from a timer or an invoked promise.
    if (this.isStarted && !this.host.isStepping) this.host.fail(error)
    else this.thrown = { error }
  }

  private completed(): void {
    const snapshot = this.actor.getSnapshot() as Snapshot<unknown>
    if (snapshot.status === 'done') this.host.finish(snapshot.output)
  }

  private rethrow(): void {
    const { thrown } = this
    this.thrown = undefined
    if (thrown !== undefined) throw thrown.error
  }
}
