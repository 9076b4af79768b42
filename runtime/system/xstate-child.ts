/**
 * An actor that a machine has invoked or spawned, as a child of ours: it has a path, a mailbox and a place in the tree.
 *
 * It is its machine that decides about it: when the machine stops it, or it comes to its own end, it has ended here too,
 * and its failure is the machine's to handle (`onError`), and no `failed` event. When it is ended from here, by
 * `ref.stop()` or with all that is below an actor, xstate's actor is stopped; as always in xstate, its machine is not
 * told of that.
 */
import type { AnyActorRef, Snapshot } from 'xstate'
import type { Envelope } from '../mailbox/envelope.ts'
import { ActorFailedError } from './errors.ts'
import type { Host } from './logic.ts'
import type { EndReason, FailurePhase } from './ref.ts'
import { endStrangersBelow, type MakeChild, stopXstate, XstateInstance } from './xstate-instance.ts'

export const makeXstateChild: MakeChild = (host, actor, above) => new XstateChild(host, actor, above)

class XstateChild extends XstateInstance {
  private failure: { readonly error: unknown } | undefined = undefined
  private hasBegun = false

  constructor(host: Host, actor: AnyActorRef, above: XstateInstance) {
    super(host, actor, above, makeXstateChild)
    const snapshot = actor.getSnapshot() as Snapshot<unknown>
    if (snapshot.status === 'active') this.lastActive = snapshot
    // One that has failed or is done already tells so at once.
    this.observe()
    if (snapshot.status === 'stopped') this.completed(snapshot)
    this.hasBegun = true
  }

  override receive(envelope: Envelope): void {
    super.receive(envelope)
    const { failure, host } = this
    if (failure !== undefined) envelope.reply?.reject(new ActorFailedError(host.ref.path, failure.error))
  }

  /** @throws what its cleanup throws: its machine may be about to end too, and would not hear of it. */
  override release(): void {
    const { failure } = this
    super.release()
    stopXstate(this.actor)
    endStrangersBelow(this.actor)
    if (this.failure !== undefined && this.failure !== failure) throw this.failure.error
  }

  /** What went wrong beside its transitions is its machine's to handle too: told as xstate tells a child's failure. */
  override fail(error: unknown): void {
    const { id, _parent } = this.actor
    if (!this.host.ref.isAlive) return
    this.endedWith({ kind: 'failed', error, phase: this.phase })
    _parent?.send({ type: `xstate.error.actor.${id}`, error, actorId: id })
  }

  protected override failed(error: unknown): void {
    this.failure = { error }
    this.endedWith({ kind: 'failed', error, phase: this.phase })
  }

  protected override completed(snapshot: Snapshot<unknown>): void {
    if (snapshot.status === 'done') this.endedWith({ kind: 'done', output: snapshot.output })
    else this.endedWith({ kind: 'stopped', reason: 'its machine has stopped it' })
  }

  private endedWith(reason: EndReason): void {
    const { above, host, actor } = this
    // One that was ended from here, on purpose, is not to come again with a snapshot of its machine.
    if (above !== undefined && host.ref.isAlive) above.unheard.ended(actor, above.isMoving)
    host.endAs(reason)
  }

  private get phase(): FailurePhase {
    if (!this.hasBegun) return 'starting'
    return this.host.currentEnvelope === undefined ? 'running' : 'handling'
  }
}
