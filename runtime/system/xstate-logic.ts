/**
 * Any xstate logic, run as an actor of ours: its own `Actor` stands behind our mailbox, and sees the context as
 * `event.ctx`. What it invokes and spawns is below it in our tree.
 */
import { type AnyActorLogic, createActor, type Snapshot } from 'xstate'
import { describe, UsageError } from '../errors.ts'
import type { AnyLogic, Carried, Host } from './logic.ts'
import { makeXstateChild } from './xstate-child.ts'
import { endStrangersBelow, passOverEnded, XstateInstance } from './xstate-instance.ts'
import type { XstateParent } from './xstate-root.ts'
import { persistedBeforeFailure } from './xstate-snapshot.ts'

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
    create: (host, _ctx, input) => new XstateActor(host, logic, input),
  }
}

/** What one life leaves to the next: the snapshot to begin from, if that is how it restarts and it could be kept. */
interface LastSnapshot extends Carried {
  readonly snapshot: unknown
}

/** The next life begins anew. */
const ANEW: LastSnapshot = { snapshot: undefined }

/**
 * An actor of xstate's that we have made.
 *
 * With `restart: { policy, from: 'snapshot' }` a life that follows a failure begins from the snapshot before the event,
 * or the delay, that failed: nothing is kept for that but the snapshot itself, which is persisted when it fails. The
 * actors that it had invoked begin as xstate begins them on a restore. Where the snapshot cannot be persisted, since the
 * logic of a child throws over it, that is told as a failure, and the next life begins anew; so it does where the snapshot cannot
 * be restored, and after an end that was no failure of its own.
 */
class XstateActor extends XstateInstance {
  private readonly parent: XstateParent
  private isStarted = false
  private thrown: { readonly error: unknown } | undefined = undefined

  constructor(host: Host, logic: AnyActorLogic, input: unknown) {
    const carried = host.carried as LastSnapshot | undefined
    const snapshot = carried === undefined ? host.snapshot : carried.snapshot
    host.carried = ANEW
    const parent = host.xstateParent
    const options = {
      id: host.id,
      parent: parent.actor,
      input,
      ...(snapshot === undefined ? {} : { snapshot }),
    }
    super(host, createActor(logic, options as object), undefined, makeXstateChild)
    this.parent = parent
    if (snapshot !== undefined) passOverEnded(this.actor)
    this.observe()
    this.actor.start()
    this.isStarted = true
    try {
      this.rethrow()
    } catch (error) {
      // There will be no instance to be released.
      endStrangersBelow(this.actor)
      throw error
    }
    if ((this.actor.getSnapshot() as Snapshot<unknown>).status === 'stopped') {
      host.requestStop('it was stopped when its snapshot was taken')
    }
  }

  override receive(envelope: Parameters<XstateInstance['receive']>[0]): void {
    super.receive(envelope)
    this.rethrow()
  }

  override release(): void {
    super.release()
    this.parent.stopChild(this.actor)
    endStrangersBelow(this.actor)
    this.rethrow()
  }

  override fail(error: unknown): void {
    this.host.fail(error)
  }

  protected override failed(error: unknown): void {
    const { host } = this
    if (host.restartFrom === 'snapshot') this.keep()
    // In a step the failure is thrown where the cell expects it; else it comes from a timer or an invoked promise.
    if (this.isStarted && !host.isStepping) host.fail(error)
    else this.thrown = { error }
  }

  protected override completed(snapshot: Snapshot<unknown>): void {
    if (snapshot.status === 'done') this.host.finish(snapshot.output)
  }

  /** Keeps the snapshot before the failure for the next life. */
  private keep(): void {
    const { host } = this
    try {
      const last: LastSnapshot = { snapshot: persistedBeforeFailure(this) }
      host.carried = last
    } catch (error) {
      host.reportFailure(notKept(host.ref.path, error))
    }
  }

  private rethrow(): void {
    const { thrown } = this
    this.thrown = undefined
    if (thrown !== undefined) throw thrown.error
  }
}

function notKept(path: string, cause: unknown): UsageError {
  return new UsageError(
    'SNAPSHOT_NOT_KEPT',
    `${path} restarts anew, since its snapshot cannot be persisted: ${describe(cause)}`,
    { cause },
  )
}
