/**
 * What every stream port does, whatever carries its bytes: keeps what has arrived until a turn takes it, collects what
 * is written until the turn ends, and counts both.
 *
 * A subclass is the carrier. It reports (`arrived`, `arrivedEnd`, `outputTaken`, `broke`, `gone`) at any time, from any
 * callback, and nothing but a mark in the poller's queue comes of it; it obeys (`startReading`, `send...`, ...) within a
 * turn. So node's streams and the simulated ones differ in nothing that an actor could notice.
 *
 * Rules:
 * - Transfers come in one order: secured where that was wanted, received as often as it takes, ended, drained, closed. Closed comes exactly once and
 *   nothing comes after it. Only drained may overtake bytes, where a pause holds them.
 * - A pause holds bytes, and an end that waits behind them, until `resume`, or until the carrier is gone: then nothing
 *   more can come, and what is left is handed over before `closed`.
 * - After `destroy` only `closed` comes; what had arrived and what had been written is dropped.
 */
import { PeerError } from '../errors.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Address, Poller, PortOwner, StreamPort, Transfer } from './poller.ts'
import type { Securing, TlsSession } from './tls.ts'
import type { Flushable } from './work.ts'

/** Where a stream's bounds come from: the options of its listener. */
export interface StreamBounds {
  readonly outputHighWaterBytes: number
  readonly inputHighWaterBytes: number
}

/**
 * Bytes that a waiting chunk counts for besides its own: the buffer object and its backing store. Without this a peer
 * that sends single bytes would make us keep a hundred times the high-water mark.
 */
export const CHUNK_COST_BYTES = 128

export abstract class BufferedStream implements StreamPort, Flushable {
  abstract readonly local: Address | undefined
  abstract readonly remote: Address | undefined
  protected readonly poller: Poller
  private readonly outputHighWaterBytes: number
  private readonly inputHighWaterBytes: number
  private currentOwner: PortOwner | undefined = undefined
  private isMarkedReady = false
  /**
   * `destroyed`: we let go, and the carrier has not confirmed it. `gone`: the carrier has closed. `closed`: the owner
   * knows.
   */
  private state: 'open' | 'destroyed' | 'gone' | 'closed' = 'open'
  private error: Error | undefined = undefined

  /** The oldest chunk that waits; the ones behind it in `later`. Usually there is one alone, and no queue. */
  private first: Buffer | undefined = undefined
  private later: Fifo<Buffer> | undefined = undefined
  private waitingBytes = 0
  private isEndDue = false
  private isReading = false
  private isPaused = false

  /** Strings written since the last of `chunks`. */
  private text = ''
  private readonly chunks: (Uint8Array | string)[] = []
  private collectedBytes = 0
  private isFlushQueued = false
  private isEnding = false
  private isOverfull = false
  private isDrainDue = false
  /** What has been agreed on and was not told. */
  private session: TlsSession | undefined = undefined

  constructor(poller: Poller, bounds: StreamBounds) {
    this.poller = poller
    this.outputHighWaterBytes = bounds.outputHighWaterBytes
    this.inputHighWaterBytes = bounds.inputHighWaterBytes
  }

  // To the carrier.

  protected abstract startReading(): void
  protected abstract stopReading(): void
  /** Bytes given to `sendText` and `sendChunks` that have not left the process. */
  protected abstract readonly unsentBytes: number
  /** Sends in one write. Where that leaves unsent bytes and the stream is blocked, `outputTaken` follows. */
  protected abstract sendText(text: string): void
  /** Sends in one write. The array is reused: it is read within the call. */
  protected abstract sendChunks(chunks: readonly (Uint8Array | string)[], bytes: number): void
  /** Encrypts all that comes after what was sent, in both directions; `secured` follows, unless it fails. */
  protected abstract startSecuring(securing: Securing): void
  protected abstract sendEnd(): void
  /** Closes; `gone` follows. */
  protected abstract abandon(reset: boolean): void

  // From the owner.

  get owner(): PortOwner | undefined {
    return this.currentOwner
  }

  set owner(owner: PortOwner | undefined) {
    this.currentOwner = owner
    this.readOn()
    this.markIfDue()
  }

  get outputBytes(): number {
    return this.state === 'open' ? this.collectedBytes + this.unsentBytes : 0
  }

  get isBlocked(): boolean {
    return this.isOverfull
  }

  write(chunk: Uint8Array | string): void {
    if (this.state !== 'open' || this.isEnding || chunk.length === 0) return
    if (typeof chunk === 'string') {
      this.text += chunk
    } else {
      this.closeText()
      this.chunks.push(chunk)
    }
    this.collectedBytes += chunk.length
    if (!this.isOverfull && this.outputBytes > this.outputHighWaterBytes) this.isOverfull = true
    this.flushLater()
  }

  secure(securing: Securing): void {
    if (this.state !== 'open' || this.isEnding) return
    if (this.first !== undefined || this.isEndDue) {
      this.fail(
        new PeerError('TLS_EARLY_BYTES', 'bytes have arrived before the TLS that they were to come after'),
      )
      return
    }
    if (this.collectedBytes > 0) this.send()
    this.startSecuring(securing)
  }

  end(): void {
    if (this.state !== 'open' || this.isEnding) return
    this.isEnding = true
    this.flushLater()
  }

  /**
   * Nothing is told to the carrier: it goes on up to the high-water mark and then stops by itself. A pause between two
   * messages thus costs no system call, and a peer that leaves meanwhile is noticed.
   */
  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.markIfDue()
  }

  destroy(reset = false): void {
    if (this.state === 'closed' || this.state === 'destroyed') return
    this.dropInput()
    this.dropOutput()
    if (this.state === 'gone') return
    this.state = 'destroyed'
    this.abandon(reset)
  }

  flush(): void {
    this.isFlushQueued = false
    if (this.state !== 'open') return
    if (this.collectedBytes > 0) this.send()
    if (this.isEnding) this.sendEnd()
  }

  transfer(): Transfer | undefined {
    this.isMarkedReady = false
    const transfer = this.takeTransfer()
    this.markIfDue()
    return transfer
  }

  // From the carrier.

  /** Bytes have arrived. The carrier gives the chunk away. */
  protected arrived(chunk: Buffer): void {
    if (this.state !== 'open') return
    if (this.first === undefined) {
      this.first = chunk
    } else {
      this.later ??= new Fifo()
      this.later.push(chunk)
    }
    this.waitingBytes += chunk.length + CHUNK_COST_BYTES
    if (this.isReading && this.waitingBytes > this.inputHighWaterBytes) {
      this.isReading = false
      this.stopReading()
    }
    this.markIfDue()
  }

  protected secured(session: TlsSession): void {
    if (this.state !== 'open') return
    this.session = session
    this.markIfDue()
  }

  protected arrivedEnd(): void {
    if (this.state !== 'open') return
    this.isEndDue = true
    this.markIfDue()
  }

  /** Output has left the process. May be called for nothing. */
  protected outputTaken(): void {
    if (!this.isOverfull || this.isDrainDue || !this.hasRoomAgain()) return
    this.isDrainDue = true
    this.markIfDue()
  }

  /** The carrier has failed; `gone` follows. What fails after `destroy` concerns nobody any more. */
  protected broke(error: Error): void {
    if (this.state === 'open') this.error ??= error
  }

  protected gone(): void {
    if (this.state === 'gone' || this.state === 'closed') return
    this.state = 'gone'
    this.dropOutput()
    this.markIfDue()
  }

  /** Gives the stream up, with a reason that is told with `closed`. */
  private fail(error: Error): void {
    this.error ??= error
    this.destroy(true)
  }

  private takeTransfer(): Transfer | undefined {
    const { session } = this
    if (session !== undefined) {
      this.session = undefined
      return { type: 'secured', port: this, session }
    }
    const bytes = this.first
    if (bytes !== undefined) {
      if (!this.isHeld) {
        this.first = this.later?.shift()
        this.waitingBytes -= bytes.length + CHUNK_COST_BYTES
        if (!this.isReading) this.readOn()
        return { type: 'received', port: this, bytes }
      }
    } else if (this.isEndDue) {
      this.isEndDue = false
      return { type: 'ended', port: this }
    }
    if (this.isDrainDue) {
      this.isDrainDue = false
      // More may have been written since: then the flush of that will tell.
      if (!this.hasRoomAgain()) return undefined
      this.isOverfull = false
      return { type: 'drained', port: this }
    }
    if (this.state !== 'gone') return undefined
    this.state = 'closed'
    return { type: 'closed', port: this, error: this.error }
  }

  private get isHeld(): boolean {
    return this.isPaused && this.state !== 'gone'
  }

  private markIfDue(): void {
    if (this.isMarkedReady || this.currentOwner === undefined) return
    const hasInput = this.first === undefined ? this.isEndDue : !this.isHeld
    const isDue = hasInput || this.isDrainDue || this.session !== undefined || this.state === 'gone'
    if (!isDue) return
    this.isMarkedReady = true
    this.poller.markReady(this)
  }

  private readOn(): void {
    if (this.isReading || this.state !== 'open' || this.currentOwner === undefined) return
    if (this.waitingBytes > this.inputHighWaterBytes) return
    this.isReading = true
    this.startReading()
  }

  private flushLater(): void {
    if (this.isFlushQueued) return
    this.isFlushQueued = true
    this.poller.onWritten?.(this)
  }

  private send(): void {
    const bytes = this.collectedBytes
    this.collectedBytes = 0
    if (this.chunks.length === 0) {
      const { text } = this
      this.text = ''
      this.sendText(text)
    } else {
      this.closeText()
      this.sendChunks(this.chunks, bytes)
      this.chunks.length = 0
    }
    if (this.isOverfull) this.outputTaken()
  }

  private closeText(): void {
    if (this.text === '') return
    this.chunks.push(this.text)
    this.text = ''
  }

  /** Half the mark: a writer that is let go on has room for more than a chunk. */
  private hasRoomAgain(): boolean {
    return this.outputBytes <= this.outputHighWaterBytes / 2
  }

  private dropInput(): void {
    this.first = undefined
    this.later = undefined
    this.waitingBytes = 0
    this.isEndDue = false
    this.session = undefined
  }

  private dropOutput(): void {
    this.text = ''
    this.chunks.length = 0
    this.collectedBytes = 0
    this.isOverfull = false
    this.isDrainDue = false
  }
}
