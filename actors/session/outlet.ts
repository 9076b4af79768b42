/**
 * What waits for one peer, and has a bound: messages leave at once while the peer reads, and else queue here, behind what
 * its stream has not got rid of. So a slow reader costs so much memory and no more, and holds nobody else up.
 *
 * Where the queue is full, either the oldest message gives way, and the peer is told how many it has missed as soon as there
 * is room; or the outlet is overrun: nothing more is taken, and the conversation ends with a reason.
 */
import type { Context } from '../../runtime/context/context.ts'
import { codeOf, describe } from '../../runtime/errors.ts'
import { Fifo } from '../../runtime/mailbox/fifo.ts'
import { System } from '../../runtime/system/system.ts'
import type { Connection, Receiver } from '../connection/connection.ts'
import { type FanOut, fanOutOf } from './fan-out.ts'
import type { SessionLimits, WhenSlow } from './limits.ts'
import type { Run, Tap, Told } from './run.ts'
import { type Format, Shared } from './shared.ts'

export interface OutletOptions<T> {
  readonly format: Format<T>
  readonly limits: Pick<SessionLimits, 'queueMessagesMax' | 'queueBytesMax'>
  readonly whenSlow: WhenSlow
  /** What a peer is told in place of `missed` messages. Left out, it is told nothing. */
  readonly missed: ((missed: number) => T) | undefined
}

export class Outlet<T> implements Receiver, Tap {
  /** Messages that gave way to younger ones, since the start. */
  dropped = 0
  /** The peer was too slow, and is to be disconnected. */
  isOverrun = false
  private readonly connection: Connection
  private readonly options: OutletOptions<T>
  private readonly fanOut: FanOut
  private queue: Fifo<Uint8Array | string> | undefined = undefined
  private queuedBytes = 0
  /** Dropped, and the peer does not know. */
  private untold = 0
  private isClosed = false

  constructor(connection: Connection, options: OutletOptions<T>) {
    this.connection = connection
    this.options = options
    this.fanOut = fanOutOf((connection.ctx as Context<typeof System>).get(System))
    this.fanOut.connect(connection.ref, this)
  }

  /** What becomes of a message just now. */
  get answer(): Told {
    if (!this.connection.ref.isAlive) return 'closed'
    if (this.isOverrun) return 'full'
    return this.isClosed ? 'closed' : 'accepted'
  }

  /** Messages that wait. */
  get queued(): number {
    return this.queue?.size ?? 0
  }

  /** From the connection's mail: a `Shared` message, or a message as it is. */
  take(message: unknown): void {
    this.put(message instanceof Shared ? (message as Shared<T>) : new Shared(message as T))
  }

  /** As `put`, from other actors. */
  tell(message: Shared<unknown>): Told {
    if (this.answer === 'accepted') this.put(message as Shared<T>)
    return this.answer
  }

  /** Behind all that was said to groups before. */
  put(message: Shared<T>): void {
    this.fanOut.giveOut()
    if (this.isClosed) return
    const bytes = this.bytesOf(() => message)
    if (bytes === undefined) return
    if (this.isFree) this.connection.write(bytes)
    else this.enqueue(bytes)
  }

  /** What was said to a group of which the peer is a member. */
  putRun(run: Run): void {
    if (this.isClosed) return
    for (const { bytes, parts } of run.piecesIn(this.options.format)) {
      if (this.isFree) this.connection.write(bytes)
      else for (const part of parts) this.enqueue(part)
    }
  }

  drained(): void {
    const { connection, queue } = this
    if (queue === undefined) return
    this.tellMissed()
    while (!connection.isBlocked) {
      const bytes = queue.shift()
      if (bytes === undefined) return
      this.queuedBytes -= bytes.length
      connection.write(bytes)
    }
  }

  /** Takes no more. What waits is written, however much it is: the stream sends it before its end. */
  close(): void {
    this.fanOut.giveOut()
    if (this.isClosed) return
    this.isClosed = true
    this.tellMissed()
    for (const bytes of this.queue ?? []) this.connection.write(bytes)
    this.clear()
  }

  private get isFree(): boolean {
    return this.queued === 0 && !this.connection.isBlocked
  }

  private enqueue(bytes: Uint8Array | string): void {
    if (this.isClosed) return
    const { limits, whenSlow } = this.options
    this.queue ??= new Fifo()
    const { queue } = this
    while (
      queue.size >= limits.queueMessagesMax ||
      (queue.size > 0 && this.queuedBytes + bytes.length > limits.queueBytesMax)
    ) {
      if (whenSlow === 'disconnect') {
        this.overrun()
        return
      }
      this.queuedBytes -= (queue.shift() as Uint8Array | string).length
      this.dropped += 1
      this.untold += 1
    }
    queue.push(kept(bytes))
    this.queuedBytes += bytes.length
  }

  private overrun(): void {
    this.isOverrun = true
    this.isClosed = true
    this.clear()
    this.connection.wake()
  }

  private clear(): void {
    this.queue = undefined
    this.queuedBytes = 0
  }

  private tellMissed(): void {
    const { untold } = this
    const { missed } = this.options
    this.untold = 0
    if (untold === 0 || missed === undefined) return
    const bytes = this.bytesOf(() => new Shared(missed(untold)))
    if (bytes !== undefined) this.connection.write(bytes)
  }

  /** A message that cannot be encoded is its sender's mistake: the peer's connection goes on without it. */
  private bytesOf(message: () => Shared<T>): Uint8Array | string | undefined {
    try {
      return message().bytesIn(this.options.format)
    } catch (error) {
      const { ctx } = this.connection
      ctx.log.error(
        { code: codeOf(error), error },
        `a message could not be encoded, and was not sent: ${describe(error)}`,
      )
      return undefined
    }
  }
}

/**
 * What waits may wait for long. A short buffer is a part of a larger one that Node gives out in pieces: a few of them would keep
 * all of that in memory.
 */
function kept(bytes: Uint8Array | string): Uint8Array | string {
  if (typeof bytes === 'string' || bytes.buffer.byteLength <= 2 * bytes.length) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return own
}
