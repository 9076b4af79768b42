/**
 * What the other side has said, kept until the next turn takes it in.
 *
 * Node calls back outside of any turn, so a batch that comes is only kept, and a port marked, as for bytes of a socket.
 *
 * Rules: what an item brings may throw, since it reaches a user's codec, log or mailbox. That is told, and costs neither the
 * loop nor another item anything.
 */
import type { Poller, Port, PortOwner, Transfer } from '../loop/poller.ts'
import type { Batch } from './link.ts'
import { nextItem } from './wire.ts'

export interface InboxOptions {
  readonly poller: Poller
  /** Takes the item of `batch` that begins at `at`. */
  readonly take: (batch: Batch, at: number) => void
  /** Told what `take` has thrown. */
  readonly failed: (error: unknown) => void
  /** Called before the first item that a turn takes in, and after the last. */
  readonly begins?: (batches: number) => void
  readonly ends?: () => void
}

export class Inbox implements Port, PortOwner {
  readonly owner: PortOwner = this
  private readonly options: InboxOptions
  private arrived: Batch[] = []
  private isMarked = false

  constructor(options: InboxOptions) {
    this.options = options
  }

  /** A batch has come: the next turn takes it in. */
  arrives(batch: Batch): void {
    this.arrived.push(batch)
    this.mark()
  }

  /** The next turn is to come by, whether a batch has come or not. */
  mark(): void {
    if (this.isMarked) return
    this.isMarked = true
    this.options.poller.markReady(this)
  }

  transfer(): Transfer {
    this.isMarked = false
    return { type: 'mailed', port: this, batches: this.arrived.length }
  }

  transferred(): void {
    const { arrived } = this
    const { begins, ends } = this.options
    this.arrived = []
    begins?.(arrived.length)
    for (const batch of arrived)
      for (let at = 0; at < batch.length; at = nextItem(batch, at)) this.take(batch, at)
    ends?.()
  }

  private take(batch: Batch, at: number): void {
    try {
      this.options.take(batch, at)
    } catch (error) {
      this.options.failed(error)
    }
  }
}
