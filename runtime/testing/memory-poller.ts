/**
 * The poller of one system on a memory network.
 *
 * As with an operating system, what a stream has not yet read comes when the poller is asked again: not within the
 * transfers of the same turn, however much the peer has sent. So backpressure acts in simulations as it does in life.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type {
  ConnectOptions,
  ListenerPort,
  ListenOptions,
  Poller,
  Port,
  StreamPort,
  Transfer,
} from '../loop/poller.ts'
import { ReadyQueue } from '../loop/ready-queue.ts'
import { describeSent, describeTransfer } from './memory-record.ts'

/** The network, as its pollers see it. */
export interface MemoryWorld {
  defer(run: () => void): void
  listen(poller: MemoryPoller, options: ListenOptions): Deferred<ListenerPort>
  connectFrom(poller: MemoryPoller, options: ConnectOptions): Deferred<StreamPort>
  readonly record: ((line: string) => void) | undefined
}

/** A stream that wants to read on. */
export interface MemoryReader {
  read(): void
}

export class MemoryPoller extends ReadyQueue implements Poller {
  private readonly world: MemoryWorld
  private readers: MemoryReader[] = []
  /** The last answer was that nothing is ready: the next question begins a new round. */
  private isNewRound = true

  private readonly recorded: RecordedPort | undefined

  constructor(world: MemoryWorld) {
    super()
    this.world = world
    this.recorded = world.record === undefined ? undefined : new RecordedPort(world.record)
  }

  override next(): Port | undefined {
    if (this.isNewRound) this.readAll()
    const port = super.next()
    this.isNewRound = port === undefined
    return port === undefined || this.recorded === undefined ? port : this.recorded.showing(port)
  }

  /** A stream of ours has sent bytes, its end, or a reset. */
  sent(stream: StreamPort, what: Buffer | 'end' | 'reset'): void {
    this.world.record?.(describeSent(stream, what))
  }

  override get hasReady(): boolean {
    return super.hasReady || this.readers.length > 0
  }

  readLater(reader: MemoryReader): void {
    this.readers.push(reader)
    if (this.readers.length === 1 && !super.hasReady) this.onReady?.()
  }

  defer(run: () => void): void {
    this.world.defer(run)
  }

  listen(options: ListenOptions): Deferred<ListenerPort> {
    return this.world.listen(this, options)
  }

  connect(options: ConnectOptions): Deferred<StreamPort> {
    return this.world.connectFrom(this, options)
  }

  private readAll(): void {
    const readers = this.readers
    this.readers = []
    for (const reader of readers) reader.read()
  }
}

/** Stands before the port whose turn it is, and notes what it brings. */
class RecordedPort implements Port {
  owner: undefined = undefined
  private readonly record: (line: string) => void
  private port: Port | undefined = undefined

  constructor(record: (line: string) => void) {
    this.record = record
  }

  showing(port: Port): this {
    this.port = port
    return this
  }

  transfer(): Transfer | undefined {
    const transfer = this.port?.transfer()
    if (transfer !== undefined) this.record(describeTransfer(transfer))
    return transfer
  }
}
