/**
 * The client's end of a simulated connection: no actor, but hands for a test. Every method acts at once; what it causes
 * in the server happens in the server's turns.
 */
import { Deferred } from '../deferred/deferred.ts'
import type { Address } from '../loop/poller.ts'
import type { TlsSession } from '../loop/tls.ts'
import { systemError } from './memory-errors.ts'
import { sessionOf } from './memory-handshake.ts'
import type { Greeting, MemoryWire, WireReceiver } from './memory-wire.ts'

export interface MemoryClient {
  /** This end, as the server's stream names it in `remote`. */
  readonly local: Address
  /** The listener's address. */
  readonly remote: Address

  /** Sends bytes; a string as latin1, one byte a character. After `end`, `close` or a reset it is dropped. */
  write(bytes: Uint8Array | string): void
  /** Sends no more, and still reads. */
  end(): void
  /** Leaves as a process does that ends: sends no more, and what still comes is answered with a reset. */
  close(): void
  /** Breaks the connection: the server sees `ECONNRESET`. */
  reset(): void
  /** Bytes written that no port has been given: under way, behind a fence, or not read by the server. */
  readonly unsentBytes: number

  /** Begins TLS, or what stands for it here: nothing is encrypted, and no certificate is looked at. */
  secure(options?: { readonly serverName?: string; readonly alpn?: readonly string[] }): void
  /** What was agreed on; undefined until then. */
  readonly session: TlsSession | undefined

  /** Everything that has come, read or not. */
  readonly received: Buffer
  /** The same as text, one character a byte. */
  readonly text: string
  /** The same as it came: without cuts, one buffer for each flush of the server. */
  readonly chunks: readonly Buffer[]
  /** Takes what has come and was not read, `bytesMax` at most, and opens the window by as much. */
  read(bytesMax?: number): Buffer
  /** Reads what has come, and from now on whatever comes at once: the window never fills again. */
  drain(): Buffer

  /** The server has sent its end: `received` is complete. */
  readonly hasEnded: boolean
  /** The connection was broken, by either side or by the network. */
  readonly wasReset: boolean
  /**
   * Fulfilled as soon as `condition` holds; it is asked at once, and after everything that comes. Fails with
   * `ECONNRESET` if the connection breaks first, with `EPIPE` if the server ends first.
   */
  until(condition: (client: MemoryClient) => boolean): Deferred<void>

  /** Holds back what one side sends from now on, and what is under way, until released: bytes, ends and resets. */
  fence(side: 'client' | 'server'): Fence
}

export interface Fence {
  /** Bytes held just now. */
  readonly heldBytes: number
  /** Lets everything through, in order. */
  release(): void
}

const SMALLEST_STORAGE_BYTES = 64

interface Waiter {
  readonly condition: (client: MemoryClient) => boolean
  readonly deferred: Deferred<void>
}

export class ClientEnd implements MemoryClient, WireReceiver {
  readonly local: Address
  readonly remote: Address
  readonly chunks: Buffer[] = []
  hasEnded = false
  wasReset = false
  session: TlsSession | undefined = undefined
  private readonly inbound: MemoryWire
  private readonly outbound: MemoryWire
  private readOffset = 0
  private isEnding = false
  private isClosed = false
  /** All that has come, with room behind it that doubles: asking after each byte stays cheap. */
  private storage = Buffer.alloc(SMALLEST_STORAGE_BYTES)
  private receivedBytes = 0
  private waiters: Waiter[] = []

  constructor(local: Address, remote: Address, inbound: MemoryWire, outbound: MemoryWire) {
    this.local = local
    this.remote = remote
    this.inbound = inbound
    this.outbound = outbound
    inbound.receiver = this
    inbound.setReading(true)
  }

  write(bytes: Uint8Array | string): void {
    if (this.isEnding || this.wasReset) return
    this.outbound.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes))
  }

  end(): void {
    if (this.isEnding || this.wasReset) return
    this.isEnding = true
    this.outbound.end()
  }

  close(): void {
    this.end()
    this.isClosed = true
  }

  reset(): void {
    if (this.wasReset) return
    this.inbound.cut()
    this.outbound.reset()
    this.broken()
  }

  secure({ serverName, alpn = [] }: { serverName?: string; alpn?: readonly string[] } = {}): void {
    if (!this.isEnding && !this.wasReset) this.outbound.greet({ serverName, alpn })
  }

  get unsentBytes(): number {
    return this.outbound.heldBytes
  }

  get received(): Buffer {
    return this.storage.subarray(0, this.receivedBytes)
  }

  get text(): string {
    return this.received.toString('latin1')
  }

  read(bytesMax = Infinity): Buffer {
    const bytes = this.received.subarray(this.readOffset, this.readOffset + bytesMax)
    this.readOffset += bytes.length
    if (bytes.length > 0) this.inbound.acknowledge(bytes.length)
    return bytes
  }

  drain(): Buffer {
    const start = this.readOffset
    this.inbound.windowBytes = Infinity
    this.read()
    this.inbound.acknowledge(0)
    return this.received.subarray(start)
  }

  until(condition: (client: MemoryClient) => boolean): Deferred<void> {
    const deferred = new Deferred<void>(() => {
      this.waiters = this.waiters.filter((waiter) => waiter.deferred !== deferred)
    })
    this.waiters.push({ condition, deferred })
    this.changed()
    return deferred
  }

  fence(side: 'client' | 'server'): Fence {
    const wire = side === 'client' ? this.outbound : this.inbound
    wire.setFenced(true)
    return {
      get heldBytes() {
        return wire.heldBytes
      },
      release: () => wire.setFenced(false),
    }
  }

  wireOpened(): void {}

  wireBrought(bytes: Buffer): void {
    if (this.isClosed) {
      this.reset()
      return
    }
    this.chunks.push(bytes)
    this.store(bytes)
    this.changed()
  }

  wireGreeted(greeting: Greeting): void {
    this.session = sessionOf(greeting)
    this.changed()
  }

  wireEnded(): void {
    this.hasEnded = true
    this.changed()
  }

  wireReset(): void {
    this.outbound.reset()
    this.broken()
  }

  private store(bytes: Buffer): void {
    const length = this.receivedBytes + bytes.length
    if (length > this.storage.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.storage.length))
      larger.set(this.received)
      this.storage = larger
    }
    this.storage.set(bytes, this.receivedBytes)
    this.receivedBytes = length
  }

  private broken(): void {
    this.wasReset = true
    this.changed()
  }

  private changed(): void {
    const waiters = this.waiters
    this.waiters = []
    const kept = waiters.filter((waiter) => !this.settles(waiter))
    // A condition may itself have begun to wait for something.
    this.waiters = [...kept, ...this.waiters]
  }

  /** @returns whether the waiter is done with. */
  private settles({ condition, deferred }: Waiter): boolean {
    if (!deferred.isPending) return true
    try {
      if (condition(this)) deferred.resolve()
      else if (this.wasReset) deferred.reject(systemError('ECONNRESET', 'read'))
      else if (this.hasEnded) deferred.reject(systemError('EPIPE', 'read'))
    } catch (error) {
      deferred.reject(error)
    }
    return !deferred.isPending
  }
}
