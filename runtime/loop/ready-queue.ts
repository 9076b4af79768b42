/**
 * The half of a poller that is the same everywhere: which ports are ready, and whom to tell. Ports are asked in the
 * order in which they became ready, and stand in the queue once: each keeps note of that itself.
 */
import { Fifo } from '../mailbox/fifo.ts'
import type { Port } from './poller.ts'
import type { Flushable } from './work.ts'

export class ReadyQueue {
  onReady: (() => void) | undefined = undefined
  onWritten: ((port: Flushable) => void) | undefined = undefined
  private readonly ports = new Fifo<Port>()

  next(): Port | undefined {
    return this.ports.shift()
  }

  get hasReady(): boolean {
    return this.ports.size > 0
  }

  markReady(port: Port): void {
    this.ports.push(port)
    if (this.ports.size === 1) this.onReady?.()
  }
}
