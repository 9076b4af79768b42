/**
 * The near end of an actor on a thread: the instance of an ordinary actor at home, which passes on what it is told.
 *
 * Rules: what waits in the mailbox at home has not crossed, and is kept for the next life; what has crossed is lost with the
 * thread, and a question in it fails. The thread is kept over a restart that was not its own fault. Nothing of it is left
 * when the actor has ended.
 */
import type { Context } from '../context/context.ts'
import type { LogLevel } from '../context/log.ts'
import type { Deferred } from '../deferred/deferred.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import { unanswered } from '../system/errors.ts'
import type { Carried, Host, Instance } from '../system/logic.ts'
import { System } from '../system/system.ts'
import { type FailureWire, fromErrorWire } from './error-wire.ts'
import { type ThreadError, ThreadLostError } from './errors.ts'
import { fromPlainFields, type PlainFields } from './plain-fields.ts'
import type { Sent } from './sent.ts'
import { Thread } from './thread.ts'
import type { ThreadPlan, ThreadUser } from './thread-user.ts'
import { transfersOf } from './transfer.ts'

/** A place in a pool. */
export interface Seat {
  /** Who sits there now. */
  nearEnd: NearEnd | undefined
  /** It takes messages, or takes them again; or it has none any more. */
  onRoom(): void
  /** What it has not begun is for any of the pool. */
  giveBack(envelopes: readonly Envelope[]): void
}

export interface NearEndPlan extends Omit<ThreadPlan, 'systemLimits'> {
  readonly seat?: Seat
}

export class NearEnd implements Instance, ThreadUser {
  private readonly host: Host
  private readonly input: unknown
  private readonly thread: Thread
  private readonly seat: Seat | undefined
  private readonly credits: number
  /** Its actor is alive on the thread, as far as is known. */
  private isUp = false
  /** It is to finish, for a restart or for good. */
  private finishing: 'restart' | 'end' | undefined = undefined
  /** The thread's actor knows of that. */
  private isDrainTold = false
  /** This life is over: what the thread still says is for nobody. */
  private isOver = false

  constructor(host: Host, plan: NearEndPlan, input: unknown) {
    this.host = host
    this.input = input
    this.credits = plan.limits.credits
    this.seat = plan.seat
    if (this.seat !== undefined) this.seat.nearEnd = this
    const kept = keptThread(host)
    if (kept.thread?.isUp) {
      this.thread = kept.thread
      this.live()
      return
    }
    const { ownContext, limits } = host
    const { reactor, poller } = ownContext.get(System)
    const home = { reactor, poller, clock: ownContext.clock }
    this.thread = new Thread(home, this, { ...plan, systemLimits: { ...limits } })
    kept.thread = this.thread
  }

  get path(): string {
    return this.host.ref.path
  }

  get ctx(): Context {
    return this.host.ownContext as unknown as Context
  }

  // ── Instance ───────────────────────────────────────────────────────────────────────────────────────────────────

  receive(envelope: Envelope): void {
    this.thread.send(envelope)
    if (this.finishing !== undefined) this.tellDrain()
  }

  get isBusy(): boolean {
    return !this.isUp || !this.thread.hasRoom
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  drain(isRestart: boolean): void {
    this.finishing = isRestart ? 'restart' : 'end'
    this.tellDrain()
  }

  /** The thread keeps what is under way, with one timer for all of it. */
  get keepsQuestions(): boolean {
    return true
  }

  get underWay(): number {
    return this.thread.underWay
  }

  /** It takes one more message now. */
  get hasRoom(): boolean {
    return this.isUp && this.load < this.credits
  }

  /** What is under way, and what waits for it. */
  get load(): number {
    return this.thread.underWay + this.host.mail.size
  }

  release(): Deferred<void> | undefined {
    this.isOver = true
    if (this.seat?.nearEnd === this) this.seat.nearEnd = undefined
    if (this.isUp) this.thread.seal()
    this.giveBack(this.thread.takeSent())
    this.seat?.onRoom()
    // A restart that is not the thread's fault keeps the thread.
    if (this.host.ref.isAlive && !this.isUp && this.thread.isUp && this.thread.underWay === 0)
      return undefined
    return this.thread.close()
  }

  get value(): string {
    return this.isUp ? 'running' : 'starting'
  }

  get context(): unknown {
    return undefined
  }

  // ── ThreadUser ─────────────────────────────────────────────────────────────────────────────────────────────────

  ready(): void {
    if (this.isOver) return
    if (!this.isUp) this.live()
    this.host.resumeLater()
    this.seat?.onRoom()
  }

  idle(): void {
    if (this.isOver) return
    this.host.workDone()
    this.seat?.onRoom()
  }

  down(kind: string, result: unknown, sent: readonly Sent[]): void {
    if (this.isOver) return
    this.isUp = false
    this.giveBack(sent)
    // A place in a pool is taken again, whatever its actor there has ended of.
    if (kind === 'done' || (kind === 'stopped' && this.seat !== undefined && !this.isDrainTold))
      this.host.finish(result)
    else if (kind === 'stopped' && this.isDrainTold) this.host.drained()
    else if (kind === 'stopped') this.host.requestStop(fromErrorWire(result as FailureWire))
    else this.host.fail(fromErrorWire(result as FailureWire))
  }

  lost(error: ThreadError, sent: readonly Sent[]): void {
    for (const { envelope, hasBegun } of sent) {
      envelope.reply?.reject(new ThreadLostError(this.path, hasBegun, error))
    }
    if (this.isOver) return
    this.isUp = false
    this.giveBack(sent.filter(({ envelope }) => envelope.reply === undefined))
    this.host.fail(error)
  }

  taken(envelope: Envelope, reason: DeadReason | undefined): void {
    if (reason !== undefined) this.host.undelivered(envelope, reason)
  }

  refused(error: unknown): void {
    if (!this.isOver) this.host.fail(error)
  }

  /** As a listener's failure it harms nobody, but is told. */
  troubled(error: unknown): void {
    this.host.reportFailure(error)
  }

  log(level: string, fields: PlainFields, text: string): void {
    const { log } = this.host.ownContext
    log[level as LogLevel](fromPlainFields(fields), text)
  }

  // ── Its own ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What had not been begun waits for the next life, as at home; or is told as undelivered where there is none. */
  private giveBack(sent: readonly Sent[]): void {
    const back: Envelope[] = []
    for (const message of sent) {
      const { envelope, hasBegun } = message
      message.backHome()
      if (!hasBegun && transfersOf(envelope.event) === undefined) back.push(envelope)
      else if (envelope.reply !== undefined) envelope.reply.reject(unanswered(this.path))
      // What it has handed over is gone.
      else if (!hasBegun) this.host.undelivered(envelope, 'uncloneable')
    }
    // Others of the pool may be free.
    if (this.seat === undefined) this.host.giveBack(back)
    else this.seat.giveBack(back)
  }

  /** Behind what waits here, which is to be handled first. */
  private tellDrain(): void {
    if (!this.isUp || this.isDrainTold || (this.finishing === 'end' && this.host.mail.size > 0)) return
    this.isDrainTold = true
    this.thread.drain()
  }

  /** Makes the actor on the thread. */
  private live(): void {
    const { host } = this
    this.isUp = true
    try {
      this.thread.spawn(this, host.id, this.input)
    } catch (error) {
      // A codec of the user's does not take the value that is there.
      host.fail(error)
    }
    if (this.finishing !== undefined) this.tellDrain()
    this.seat?.onRoom()
  }
}

/** What an actor's lives hand on. */
interface KeptThread extends Carried {
  thread: Thread | undefined
}

function keptThread(host: Host): KeptThread {
  if (host.carried !== undefined) return host.carried as KeptThread
  const kept: KeptThread = { thread: undefined, close: () => kept.thread?.close() }
  host.carried = kept
  return kept
}
