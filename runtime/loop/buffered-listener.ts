/**
 * What every listener port does, whatever brings its connections: keeps those that have arrived until a turn takes
 * them. The carrier is the subclass: it reports with `arrived` and `failed`, from any callback, at any time.
 */
import type { Deferred } from '../deferred/deferred.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Address, ListenerPort, Poller, PortOwner, StreamPort, Transfer } from './poller.ts'

export abstract class BufferedListener implements ListenerPort {
  readonly address: Address
  private readonly poller: Poller
  private currentOwner: PortOwner | undefined = undefined
  private readonly accepted = new Fifo<StreamPort>()
  /** The latest: accept errors between two turns have one cause, and count as one. */
  private acceptError: Error | undefined = undefined
  private isMarkedReady = false
  /** Set by the first `close`. */
  private released: Deferred<void> | undefined = undefined

  constructor(poller: Poller, address: Address) {
    this.poller = poller
    this.address = address
  }

  /** To the carrier: let go of the address. Called once. */
  protected abstract release(): Deferred<void>

  get owner(): PortOwner | undefined {
    return this.currentOwner
  }

  set owner(owner: PortOwner | undefined) {
    this.currentOwner = owner
    this.markIfDue()
  }

  transfer(): Transfer | undefined {
    this.isMarkedReady = false
    const transfer = this.takeTransfer()
    this.markIfDue()
    return transfer
  }

  /** Connections that no turn has seen share the fate of those in the operating system's backlog: they are reset. */
  close(): Deferred<void> {
    if (this.released === undefined) {
      this.acceptError = undefined
      for (const stream of this.accepted) stream.destroy(true)
      this.accepted.clear()
      this.released = this.release()
    }
    return this.released
  }

  /** From the carrier: a connection is complete. Its stream is not read from yet. */
  protected arrived(stream: StreamPort): void {
    if (this.released !== undefined) {
      stream.destroy(true)
      return
    }
    this.accepted.push(stream)
    this.markIfDue()
  }

  /** From the carrier: a connection could not be accepted; the others can. */
  protected failed(error: Error): void {
    if (this.released !== undefined) return
    this.acceptError = error
    this.markIfDue()
  }

  /** Connections that have arrived and that no turn has seen. */
  protected get backlog(): number {
    return this.accepted.size
  }

  private takeTransfer(): Transfer | undefined {
    const error = this.acceptError
    if (error !== undefined) {
      this.acceptError = undefined
      return { type: 'acceptFailed', port: this, error }
    }
    const stream = this.accepted.shift()
    return stream === undefined ? undefined : { type: 'accepted', port: this, stream }
  }

  private markIfDue(): void {
    if (this.isMarkedReady || this.currentOwner === undefined) return
    if (this.accepted.size === 0 && this.acceptError === undefined) return
    this.isMarkedReady = true
    this.poller.markReady(this)
  }
}
