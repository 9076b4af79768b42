/**
 * A system's end of a simulated connection. What it shares with a real stream is all of `BufferedStream`; here is only
 * what the operating system would do: a window, the order of goodbyes, and a reset for what nobody will read.
 */
import { BufferedStream, type StreamBounds } from '../loop/buffered-stream.ts'
import type { Address } from '../loop/poller.ts'
import type { Securing } from '../loop/tls.ts'
import { systemError } from './memory-errors.ts'
import { answerTo, CLIENT_HELLO, sessionOf, wishOf } from './memory-handshake.ts'
import type { MemoryPoller } from './memory-poller.ts'
import type { Greeting, MemoryWire, WireReceiver } from './memory-wire.ts'

const NOTHING = Buffer.alloc(0)

export interface MemoryStreamOptions {
  readonly poller: MemoryPoller
  readonly bounds: StreamBounds
  readonly local: Address
  readonly remote: Address
  readonly inbound: MemoryWire
  readonly outbound: MemoryWire
  /** The client's request to be connected has arrived. */
  onOpened(): void
  /** Neither side will send on it any more. */
  onGone(): void
}

export class MemoryStream extends BufferedStream implements WireReceiver {
  readonly local: Address
  readonly remote: Address
  private readonly reads: MemoryPoller
  private readonly inbound: MemoryWire
  private readonly outbound: MemoryWire
  private readonly onOpened: () => void
  private readonly onGone: () => void
  /** Flushed, and waiting for the client's window. */
  private unsent: Buffer = NOTHING
  private isToRead = false
  private isEndWanted = false
  private hasSentEnd = false
  private hasPeerEnded = false
  private isOver = false
  /** Wanted, and not agreed on. */
  private securing: Securing | undefined = undefined
  /** Of `unsent` so much was written before TLS was wanted, and still goes out as it is. */
  private plainBytes = 0

  constructor(options: MemoryStreamOptions) {
    super(options.poller, options.bounds)
    this.local = options.local
    this.remote = options.remote
    this.reads = options.poller
    this.inbound = options.inbound
    this.outbound = options.outbound
    this.onOpened = options.onOpened
    this.onGone = options.onGone
    this.inbound.receiver = this
    this.outbound.onRoom = () => this.sendWhatFits()
  }

  // To `BufferedStream`: the carrier.

  /** Not at once: an operating system has no bytes for us before it is asked again. */
  protected startReading(): void {
    this.isToRead = true
    this.reads.readLater(this)
  }

  protected stopReading(): void {
    this.isToRead = false
    this.inbound.setReading(false)
  }

  /** From the poller, which is being asked. */
  read(): void {
    if (this.isToRead) this.inbound.setReading(true)
  }

  protected get unsentBytes(): number {
    return this.unsent.length
  }

  protected sendText(text: string): void {
    this.transmit(Buffer.from(text, 'latin1'))
  }

  protected sendChunks(chunks: readonly (Uint8Array | string)[], bytes: number): void {
    const parts = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk))
    this.transmit(Buffer.concat(parts, bytes))
  }

  protected startSecuring(securing: Securing): void {
    this.securing = securing
    this.plainBytes = this.unsent.length
    if (securing.tls.side === 'client') this.outbound.greet(wishOf(securing))
  }

  protected sendEnd(): void {
    this.isEndWanted = true
    this.sendWhatFits()
  }

  protected abandon(reset: boolean): void {
    if (reset) {
      this.reads.sent(this, 'reset')
      this.inbound.cut()
      this.outbound.reset()
    } else if (!this.hasSentEnd) {
      this.reads.sent(this, 'end')
      this.outbound.end()
    }
    this.finish()
    // What the client has sent and will send meets a closed door, whether or not it was being read.
    this.inbound.setReading(true)
  }

  // From the wires.

  wireOpened(): void {
    this.onOpened()
  }

  wireBrought(bytes: Buffer): void {
    if (this.isOver) {
      this.inbound.cut()
      this.outbound.reset()
    } else if (this.securing === undefined) {
      this.arrived(bytes)
      this.inbound.acknowledge(bytes.length)
    } else {
      this.breakOff('ERR_SSL_WRONG_VERSION_NUMBER')
    }
  }

  wireGreeted(greeting: Greeting): void {
    const { securing } = this
    if (securing === undefined) {
      this.wireBrought(CLIENT_HELLO)
      return
    }
    const isServer = securing.tls.side === 'server'
    const answer = isServer ? answerTo(greeting, securing.alpn) : greeting
    if (answer === undefined) {
      this.breakOff('ERR_SSL_NO_APPLICATION_PROTOCOL')
      return
    }
    this.securing = undefined
    if (isServer) this.outbound.greet(answer)
    this.secured(sessionOf(answer))
    this.sendWhatFits()
  }

  wireEnded(): void {
    this.hasPeerEnded = true
    this.arrivedEnd()
    if (this.hasSentEnd) this.finish()
  }

  wireReset(): void {
    // Where it was not the client that did it, the client is told as well.
    this.outbound.reset()
    this.broke(systemError('ECONNRESET', 'read'))
    this.finish()
  }

  /** No TLS can be agreed on: both sides fail. */
  private breakOff(code: string): void {
    this.outbound.reset()
    this.inbound.cut()
    this.broke(systemError(code, 'handshake'))
    this.finish()
  }

  private transmit(bytes: Buffer): void {
    this.reads.sent(this, bytes)
    this.unsent = this.unsent.length === 0 ? bytes : Buffer.concat([this.unsent, bytes])
    this.sendWhatFits()
  }

  private sendWhatFits(): void {
    if (this.isOver) return
    const due = this.securing === undefined ? this.unsent.length : this.plainBytes
    const bytes = Math.min(due, this.outbound.roomBytes)
    if (bytes > 0) {
      this.plainBytes -= bytes
      const fitting = this.unsent.subarray(0, bytes)
      this.unsent = this.unsent.subarray(bytes)
      // The client may read within this call, and so lead back here.
      this.outbound.send(fitting)
      this.outputTaken()
    }
    if (!this.isEndWanted || this.hasSentEnd || this.unsent.length > 0 || this.securing !== undefined) return
    this.hasSentEnd = true
    this.reads.sent(this, 'end')
    this.outbound.end()
    if (this.hasPeerEnded) this.finish()
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.unsent = NOTHING
    this.gone()
    this.onGone()
  }
}
