/** A listener of the memory network: makes the server's ends of its connections. */
import { Deferred } from '../deferred/deferred.ts'
import { BufferedListener } from '../loop/buffered-listener.ts'
import type { Address, ListenOptions } from '../loop/poller.ts'
import type { MemoryPoller } from './memory-poller.ts'
import { MemoryStream } from './memory-stream.ts'
import type { MemoryWire } from './memory-wire.ts'

/** Connections that wait for a turn: Node's own default. */
const BACKLOG_DEFAULT = 511

export class MemoryListener extends BufferedListener {
  private readonly memoryPoller: MemoryPoller
  private readonly options: ListenOptions
  private readonly onRelease: () => void

  constructor(poller: MemoryPoller, address: Address, options: ListenOptions, onRelease: () => void) {
    super(poller, address)
    this.memoryPoller = poller
    this.options = options
    this.onRelease = onRelease
  }

  get isFull(): boolean {
    return this.backlog >= (this.options.backlog ?? BACKLOG_DEFAULT)
  }

  /** This side's end of a connection, which arrives here when the client's request has come over the wire. */
  streamTo(remote: Address, inbound: MemoryWire, outbound: MemoryWire, onGone: () => void): MemoryStream {
    const stream: MemoryStream = new MemoryStream({
      poller: this.memoryPoller,
      bounds: this.options,
      local: this.address,
      remote,
      inbound,
      outbound,
      onOpened: () => this.arrived(stream),
      onGone,
    })
    return stream
  }

  protected release(): Deferred<void> {
    this.onRelease()
    return Deferred.of(undefined)
  }
}
