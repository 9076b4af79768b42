/**
 * A thread, as it is seen from home: messages go there, answers come back, and one day it ends.
 *
 * Theory of operation. Node calls back whenever a batch has come or the thread has ended; that is kept, and taken in by the
 * next turn, as bytes of a socket are. What is said to the thread during a turn leaves at its end, as one batch. Messages
 * are under way from the moment they are sent until the thread has said what became of them, also where nobody waits for
 * the answer any more: that is what credits count, and what tells a busy thread from a free one.
 *
 * Rules: each message is settled once, by the thread or by its loss. A thread that is busy for too long with what nobody
 * wants is lost (`stuckMs`).
 */

import { toWire } from '../context/wire.ts'
import { Deferred } from '../deferred/deferred.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import { timedOut } from '../system/ask.ts'
import { Cell } from '../system/cell.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { BegunNote, nextId } from './begun.ts'
import { ContextsOut } from './contexts-out.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'
import { nameOf, notCloneableError, ThreadError, threadEndError } from './errors.ts'
import { HomeDesk } from './home-desk.ts'
import { Inbox } from './inbox.ts'
import type { ThreadLimits } from './limits.ts'
import type { Batch } from './link.ts'
import { Numbered } from './numbered.ts'
import { Outbox } from './outbox.ts'
import type { PlainFields } from './plain-fields.ts'
import { Sent, type SentOwner } from './sent.ts'
import type { ThreadHome, ThreadPlan, ThreadUser } from './thread-user.ts'
import { Timeouts } from './timeouts.ts'
import { Watchdog, type Watched } from './watchdog.ts'
import {
  ASK,
  type Birth,
  CANCEL,
  DOWN,
  DRAIN,
  FAILURE,
  LOG,
  NOT_READY,
  READY,
  SPAWN,
  STOP,
  TAKEN,
  TELL,
  VALUE,
} from './wire.ts'
import { type ThreadEnd, WorkerThread } from './worker-thread.ts'

const STARTING = 0
const UP = 1
const ENDING = 2
const ENDED = 3

export class Thread implements SentOwner, Watched {
  private readonly home: ThreadHome
  private readonly limits: ThreadLimits
  private readonly worker: WorkerThread
  private readonly inbox: Inbox
  private readonly outbox: Outbox
  private readonly contexts: ContextsOut
  private readonly desk: HomeDesk
  readonly begun = new BegunNote()
  readonly sent: Numbered<Sent>
  private user: ThreadUser
  private state = STARTING
  private lastId = 0
  /** Its actor was told to finish, and has not ended. */
  private isDraining = false
  private end: ThreadEnd | undefined = undefined
  /** Why it is lost, where that is known before it has ended. */
  private failure: ThreadError | undefined = undefined
  private readonly gone = new Deferred<void>()
  /** Of its start; later, of its end. */
  private timer: Timer | undefined = undefined
  private readonly timeouts: Timeouts
  /** What waits to be sent calls these off. */
  private calledOff: Sent[] = []
  /** When the first of what now waits to be sent was said. */
  private sendingMs = 0
  private readonly watchdog: Watchdog

  /** @throws what `new Worker` throws, for options that it does not take. */
  constructor(
    home: ThreadHome,
    user: ThreadUser,
    { module, exported, limits, systemLimits, options }: ThreadPlan,
  ) {
    this.home = home
    this.user = user
    this.limits = limits
    this.sent = new Numbered(limits.credits)
    this.watchdog = new Watchdog(this)
    this.timeouts = new Timeouts(home.clock, this.sent, ({ envelope, timeoutMs }) => {
      envelope.reply?.reject(timedOut(this.user.path, timeoutMs))
    })
    this.inbox = new Inbox({
      poller: home.poller,
      take: (batch, at) => this.take(batch, at),
      failed: (error) => this.user.troubled(error),
      ends: () => {
        if (this.end !== undefined && this.state !== ENDED) this.ended(this.end)
      },
    })
    this.worker = new WorkerThread(
      {
        module: module.href,
        exported,
        path: user.path,
        begun: this.begun.cells,
        credits: limits.credits,
        limits: systemLimits,
      },
      options,
      {
        onBatch: (batch) => this.inbox.arrives(batch),
        onEnd: (end) => {
          this.end = end
          this.inbox.mark()
        },
      },
    )
    this.outbox = new Outbox({
      link: this.worker.link,
      onFirst: () => home.reactor.flushLater(this.outbox),
      onSent: () => this.told(),
      onRefused: (item, error) => this.refused(item, error),
      failed: (error) => this.user.troubled(error),
    })
    this.desk = new HomeDesk({
      outbox: this.outbox,
      contextOf: (number) => this.contexts.at(number) ?? this.user.ctx,
    })
    this.contexts = new ContextsOut(this.outbox, (ref) => this.desk.cross(ref))
    // Where home was busy itself, the thread may have said so meanwhile: that is taken in between.
    this.timer = this.after(limits.startMs, () => {
      this.timer = this.after(1, () => this.startIsLate())
    })
  }

  /** It takes messages just now. */
  get hasRoom(): boolean {
    return this.state === UP && this.sent.size < this.limits.credits
  }

  /** It has started and not ended: another actor may live on it. */
  get isUp(): boolean {
    return this.state === UP
  }

  /** Messages that it has not settled. */
  get underWay(): number {
    return this.sent.size
  }

  /**
   * Makes the thread's actor, which has the path of its near end there as well. Messages that follow are for it.
   *
   * @throws what a codec throws.
   */
  spawn(user: ThreadUser, id: string, input: unknown): void {
    this.user = user
    const birth: Birth = { id, input, context: toWire(user.ctx), refs: this.contexts.refsOf(user.ctx) }
    this.outbox.add(SPAWN, birth)
    this.outbox.handOver(input)
  }

  send(envelope: Envelope): void {
    const { reply, ctx, event } = envelope
    if (this.outbox.isEmpty) this.sendingMs = this.home.clock.nowMs()
    this.lastId = nextId(this.lastId)
    const sent = new Sent(this.lastId, envelope, this, this.sendingMs)
    if (this.sent.size === 0) this.worker.isHeld = true
    this.sent.add(sent)
    this.timeouts.note(sent.timeoutAtMs)
    const kind = reply === undefined ? TELL : ASK
    try {
      sent.context = this.contexts.use(ctx)
      const { number } = sent.context
      const sender = envelope.sender instanceof Cell ? this.desk.cross(envelope.sender) : undefined
      this.outbox.addMessage(kind, sent.id, number, !ctx.isBackground, sender, event)
    } catch (error) {
      // A codec of the user's does not take the value that is there, or there are too many refs.
      this.settle(sent.id)
      if (reply !== undefined) reply.reject(error)
      else this.user.taken(envelope, 'uncloneable')
    }
  }

  /** The life of its actor here is over: the thread begins with nothing more of what it has. */
  seal(): void {
    this.begun.seal()
  }

  /** Its actor is to finish what is in flight, and to end then. */
  drain(): void {
    this.isDraining = true
    this.worker.isHeld = true
    this.outbox.add(DRAIN)
  }

  /**
   * Ends it: its actor first, then the thread; by force after `endMs`.
   *
   * @returns fulfilled when it is gone.
   */
  close(): Deferred<void> {
    if (this.state === STARTING) this.terminate()
    if (this.state === UP) {
      this.state = ENDING
      this.worker.isHeld = true
      this.outbox.add(STOP)
      this.outbox.flush()
      this.timer?.cancel()
      this.timer = this.after(this.limits.endMs, () => this.worker.terminate())
    }
    return this.gone
  }

  // ── What comes from the thread ─────────────────────────────────────────────────────────────────────────────────

  private take(batch: Batch, at: number): void {
    const first = batch[at + 1]
    const second = batch[at + 2]
    switch (batch[at]) {
      case VALUE:
        for (let i = 0; i < (second as number); i++) {
          this.settle(((first as number) + i) | 0)?.envelope.reply?.resolve(batch[at + 3 + i])
        }
        break
      case FAILURE:
        this.settle(first as number)?.envelope.reply?.reject(fromErrorWire(second as FailureWire))
        break
      case TAKEN: {
        const sent = this.settle(first as number)
        if (sent !== undefined) this.user.taken(sent.envelope, second as DeadReason | undefined)
        break
      }
      case READY:
        if (this.state !== STARTING) break
        this.state = UP
        this.contexts.wanted = first as readonly string[]
        this.timer?.cancel()
        this.worker.isHeld = false
        this.user.ready()
        break
      case NOT_READY:
        this.lose(
          new ThreadError('THREAD_START_FAILED', this.user.path, 'did not start', {
            cause: fromErrorWire(first as FailureWire),
          }),
        )
        break
      case DOWN:
        this.isDraining = false
        this.user.down(first as string, batch[at + 3], this.takeSent(second as readonly number[]))
        break
      case LOG:
        this.user.log(first as string, second as PlainFields, batch[at + 3] as string)
        break
      default:
        this.desk.take(batch, at)
    }
  }

  /** The thread has said what became of a message. */
  private settle(id: number): Sent | undefined {
    const { sent } = this
    const message = sent.get(id)
    if (message === undefined) return undefined
    sent.delete(id)
    message.over()
    if (this.state === UP) {
      if (sent.size === 0) this.idle()
      if (sent.size === this.limits.credits - 1) this.user.ready()
    }
    return message
  }

  private idle(): void {
    this.watchdog.rest()
    this.timeouts.rest()
    this.worker.isHeld = this.isDraining
    this.user.idle()
  }

  over({ context }: Sent): void {
    if (context !== undefined) this.contexts.giveBack(context)
  }

  // ── What nobody waits for ──────────────────────────────────────────────────────────────────────────────────────

  /** Its question or its context has ended. */
  abandoned(sent: Sent, reason: unknown): void {
    if (this.state === ENDED) return
    this.outbox.add(CANCEL, sent.id, toErrorWire(reason))
    this.calledOff.push(sent)
  }

  /** A batch has left. */
  private told(): void {
    if (this.calledOff.length === 0) return
    const nowMs = this.clock.nowMs()
    for (const sent of this.calledOff) sent.abandonedAtMs = nowMs
    this.calledOff = []
    if (this.sent.size === 0 || this.state === ENDED) return
    this.watchdog.told(this.worker.link.batches)
  }

  get clock(): Clock {
    return this.home.clock
  }

  get stuckMs(): number {
    return this.limits.stuckMs
  }

  stuck(): void {
    const what = `was busy for more than ${this.stuckMs} ms with a message that nobody waits for`
    this.lose(new ThreadError('THREAD_STUCK', this.user.path, what))
  }

  // ── Its end ────────────────────────────────────────────────────────────────────────────────────────────────────

  private startIsLate(): void {
    const { path } = this.user
    const what = `was not ready within ${this.limits.startMs} ms`
    this.lose(new ThreadError('THREAD_START_TIMEOUT', path, what))
  }

  /** Gives it up, for a reason of ours. */
  private lose(failure: ThreadError): void {
    this.failure ??= failure
    this.terminate()
  }

  private terminate(): void {
    if (this.state >= ENDING) return
    this.state = ENDING
    this.worker.isHeld = true
    this.worker.terminate()
  }

  private ended({ exitCode, error }: ThreadEnd): void {
    const wasStarting = this.timer !== undefined && this.state === STARTING
    this.state = ENDED
    this.timer?.cancel()
    this.watchdog.rest()
    this.timeouts.rest()
    this.desk.end()
    const failure = this.failure ?? threadEndError(this.user.path, exitCode, error, wasStarting)
    this.user.lost(failure, this.takeSent())
    this.gone.resolve()
  }

  /**
   * All that is under way, in its order: it will not be settled any more.
   *
   * @param givenBack - ids of what had been begun and is to be begun anew.
   */
  takeSent(givenBack: readonly number[] = []): readonly Sent[] {
    const left = this.sent.values()
    for (const message of left) {
      message.over()
      message.hasBegun = this.begun.wasBegun(message.id) && !givenBack.includes(message.id)
    }
    this.sent.clear()
    if (this.state === UP) this.worker.isHeld = false
    return left
  }

  /** An item that could not be cloned. */
  private refused(item: Batch, cause: unknown): void {
    if (item[0] === SPAWN) {
      this.user.refused(notCloneableError(`the input of ${this.user.path}`, cause))
      return
    }
    const [kind, id] = item as [number, number]
    this.desk.refused(item, cause)
    if (kind !== ASK && kind !== TELL) return
    const message = this.settle(id)
    if (message === undefined) return
    const { event, reply } = message.envelope
    const error = notCloneableError(`"${nameOf(event)}" to ${this.user.path}`, cause)
    if (reply !== undefined) reply.reject(error)
    else this.user.taken(message.envelope, 'uncloneable')
  }

  private after(ms: number, action: () => void): Timer {
    const { clock } = this.home
    return clock.schedule(clock.nowMs() + ms, action)
  }
}
