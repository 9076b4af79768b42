/**
 * One direction of a simulated connection: what goes in at one end comes out at the other, in order and complete, as
 * late and in such pieces as the test has asked for.
 *
 * Four things hold it back: the time that a piece takes, a fence, a receiver that does not read, and, before anything
 * goes in, the receiver's window. A reset is held by the first two alone, as a real one: it overtakes, and destroys,
 * what has arrived and was not read.
 */
import { Fifo } from '../mailbox/fifo.ts'
import type { Clock, Timer } from '../time/clock.ts'

/** The end at which things come out. */
export interface WireReceiver {
  wireOpened(): void
  wireBrought(bytes: Buffer): void
  wireGreeted(greeting: Greeting): void
  wireEnded(): void
  wireReset(): void
}

/** What stands for a TLS handshake here: one greeting from each side, the client's first. Nothing is encrypted. */
export interface Greeting {
  /** The client's wishes; the server's choice. */
  readonly alpn: readonly string[]
  readonly serverName: string | undefined
}

/** How a wire treats what it carries. */
export interface WireManners {
  /** How many of the next `bytes` travel in one piece, 1 at least; `sentBytes` have gone before them. */
  pieceBytes(bytes: number, sentBytes: number): number
  /** Milliseconds that the next piece takes. */
  delayMs(): number
  /** Whether the connection breaks in place of the next piece. */
  breaks(): boolean
}

interface Item {
  readonly atMs: number
  readonly cargo: Buffer | 'open' | 'end' | Greeting
}

export class MemoryWire {
  /** Set by the receiver. */
  receiver: WireReceiver | undefined = undefined
  /** Set by the sender: told when the window has opened again. */
  onRoom: (() => void) | undefined = undefined
  /** Bytes that the receiver lets the sender be ahead of its reading. */
  windowBytes = Infinity
  private readonly clock: Clock
  private readonly manners: WireManners
  private readonly late: Set<MemoryWire>
  private readonly items = new Fifo<Item>()
  private timer: Timer | undefined = undefined
  private sentBytes = 0
  private deliveredBytes = 0
  private readBytes = 0
  /** No item is due before those that went in earlier, however much the delays vary. */
  private lastAtMs = -Infinity
  private resetAtMs = Infinity
  private isCut = false
  private isFenced = false
  private isReading = false
  private isDelivering = false

  /** @param late - where the wire stands as long as something on it waits for its time. */
  constructor(clock: Clock, manners: WireManners, late: Set<MemoryWire>) {
    this.clock = clock
    this.manners = manners
    this.late = late
  }

  /** Bytes that have gone in and not come out. */
  get heldBytes(): number {
    return this.isCut ? 0 : this.sentBytes - this.deliveredBytes
  }

  /** Bytes that may go in now. */
  get roomBytes(): number {
    return Math.max(0, this.windowBytes - (this.sentBytes - this.readBytes))
  }

  // The sender's side.

  open(): void {
    this.put('open')
    this.deliver()
  }

  /** The caller gives the bytes away, and sees to it that there is room. */
  send(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.manners.breaks()) {
        this.reset()
        return
      }
      const length = this.manners.pieceBytes(bytes.length - at, this.sentBytes)
      this.put(bytes.subarray(at, at + length))
      this.sentBytes += length
      at += length
    }
    this.deliver()
  }

  greet(greeting: Greeting): void {
    this.put(greeting)
    this.deliver()
  }

  end(): void {
    this.put('end')
    this.deliver()
  }

  /** Arrives behind what went in before, as everything does; nothing goes in after it. */
  reset(): void {
    if (this.resetAtMs !== Infinity) return
    this.resetAtMs = this.nextAtMs()
    this.deliver()
  }

  // The receiver's side.

  setReading(isReading: boolean): void {
    this.isReading = isReading
    this.deliver()
  }

  /** Bytes were consumed: the window opens by as much. */
  acknowledge(bytes: number): void {
    this.readBytes += bytes
    this.onRoom?.()
  }

  /** Nothing goes in or comes out any more. */
  cut(): void {
    this.isCut = true
    this.items.clear()
    this.wakeAt(Infinity)
  }

  // The test's.

  setFenced(isFenced: boolean): void {
    this.isFenced = isFenced
    this.deliver()
  }

  private put(cargo: Item['cargo']): void {
    if (!this.isCut && this.resetAtMs === Infinity) this.items.push({ atMs: this.nextAtMs(), cargo })
  }

  private nextAtMs(): number {
    this.lastAtMs = Math.max(this.lastAtMs, this.clock.nowMs() + this.manners.delayMs())
    return this.lastAtMs
  }

  /** What the receiver does may lead back here: the outermost call goes on for the inner ones. */
  private deliver(): void {
    if (this.isDelivering) return
    this.isDelivering = true
    try {
      while (!this.isFenced && !this.isCut && this.deliverOne());
    } finally {
      this.isDelivering = false
    }
  }

  private deliverOne(): boolean {
    const nowMs = this.clock.nowMs()
    const item = this.items.peek()
    const isReadable = item !== undefined && (this.isReading || item.cargo === 'open')
    if (isReadable && item.atMs <= nowMs) {
      this.items.shift()
      this.hand(item.cargo)
      return true
    }
    if (this.resetAtMs <= nowMs) {
      this.cut()
      this.receiver?.wireReset()
      return false
    }
    this.wakeAt(isReadable ? item.atMs : this.resetAtMs)
    return false
  }

  private hand(cargo: Item['cargo']): void {
    if (cargo === 'open') {
      this.receiver?.wireOpened()
    } else if (cargo === 'end') {
      this.receiver?.wireEnded()
    } else if (Buffer.isBuffer(cargo)) {
      this.deliveredBytes += cargo.length
      this.receiver?.wireBrought(cargo)
    } else {
      this.receiver?.wireGreeted(cargo)
    }
  }

  private wakeAt(atMs: number): void {
    if (this.timer?.atMs === atMs) return
    this.timer?.cancel()
    this.timer = atMs === Infinity ? undefined : this.clock.schedule(atMs, this.wake)
    if (this.timer === undefined) this.late.delete(this)
    else this.late.add(this)
  }

  private readonly wake = (): void => {
    this.timer = undefined
    this.late.delete(this)
    this.deliver()
  }
}
