/**
 * What one side has to say to the other: collected during a turn, and sent at its end.
 *
 * Of a turn that has much to say the first eight messages leave at once, then 64, 512 and so on: a thread takes some 25 us to
 * wake, and both sides work at the same time if the other one wakes while this one still speaks.
 *
 * Rules: what cannot be cloned is told to `onRefused`, with its own item, and costs no other item anything; nor does what is
 * thrown there, which comes upon a user's object.
 */
import type { Flushable } from '../loop/work.ts'
import type { Batch, Link } from './link.ts'
import { type Transferable, transfersOf } from './transfer.ts'
import { apart, type Birth, type CrossedRef, isRun, nextItem, SPAWN, VALUE } from './wire.ts'

export interface OutboxOptions {
  readonly link: Link
  /** Called with the first item of a batch: the outbox is to be flushed at the end of the turn. */
  readonly onFirst: () => void
  /** A batch has left. */
  readonly onSent?: () => void
  /** `item` could not be cloned, for `error`. */
  readonly onRefused: (item: Batch, error: unknown) => void
  /** Told what `onRefused` has thrown. */
  readonly failed: (error: unknown) => void
}

export class Outbox implements Flushable {
  private readonly options: OutboxOptions
  private items: unknown[] = []
  private transfers: Transferable[] = []
  /** The end of this turn is asked for. */
  private isDue = false
  /** Messages and answers among `items`. */
  private count = 0
  /** So many of them leave at once. */
  private early = EARLY_FIRST
  /** Where the head of the last item begins, if more of its like may follow it. */
  private runAt = NONE
  /** The number that it has then. */
  private nextId = 0

  constructor(options: OutboxOptions) {
    this.options = options
  }

  get isEmpty(): boolean {
    return this.items.length === 0
  }

  /** Adds an item that carries nothing of a user's. */
  add(kind: number, ...fields: unknown[]): void {
    this.begin()
    this.runAt = NONE
    this.items.push(kind, ...fields)
  }

  /** Adds a message. */
  addMessage(
    kind: number,
    id: number,
    context: number,
    isCancellable: boolean,
    sender: CrossedRef | undefined,
    event: object,
  ): void {
    this.handOver(event)
    this.begin()
    const { items, runAt } = this
    const isAlike =
      runAt !== NONE &&
      items[runAt] === kind &&
      items[runAt + 2] === context &&
      items[runAt + 3] === isCancellable &&
      items[runAt + 4] === sender &&
      id === this.nextId
    this.nextId = (id + 1) | 0
    if (isAlike) {
      items[runAt + 5] = (items[runAt + 5] as number) + 1
      items.push(event)
    } else {
      this.runAt = items.length
      items.push(kind, id, context, isCancellable, sender, 1, event)
    }
    this.said()
  }

  /** Adds an answer. */
  addValue(id: number, value: unknown): void {
    this.handOver(value)
    this.begin()
    const { items, runAt } = this
    const isNext = runAt !== NONE && items[runAt] === VALUE && id === this.nextId
    this.nextId = (id + 1) | 0
    if (isNext) {
      items[runAt + 2] = (items[runAt + 2] as number) + 1
      items.push(value)
    } else {
      this.runAt = items.length
      items.push(VALUE, id, 1, value)
    }
    this.said()
  }

  /** The end of a turn. */
  flush(): void {
    this.isDue = false
    this.early = EARLY_FIRST
    this.send()
  }

  /** Sends now what there is to be said. */
  send(): void {
    const { items, transfers } = this
    if (items.length === 0) return
    this.items = []
    this.count = 0
    this.runAt = NONE
    if (transfers.length > 0) this.transfers = []
    const refused = this.options.link.send(items, transfers)
    if (refused !== undefined) this.sendEach(items)
    this.options.onSent?.()
  }

  private begin(): void {
    if (this.isDue) return
    this.isDue = true
    this.options.onFirst()
  }

  /** Something of a user's was said. */
  private said(): void {
    this.count += 1
    if (this.count < this.early) return
    this.early *= EARLY_FACTOR
    this.send()
  }

  /** What `value` hands over goes with this batch. */
  handOver(value: unknown): void {
    const transfers = transfersOf(value)
    if (transfers === undefined) return
    // One by one: as arguments of one call, a long list is too much for the stack.
    for (const buffer of transfers) this.transfers.push(buffer)
  }

  /** A batch that cannot be cloned was not sent at all: all of it but the culprit goes now, in its order. */
  private sendEach(items: Batch): void {
    for (let at = 0; at < items.length; ) {
      const next = nextItem(items, at)
      for (const item of isRun(items[at] as number) ? apart(items, at) : [items.slice(at, next)])
        this.sendOne(item)
      at = next
    }
  }

  private sendOne(item: Batch): void {
    const { link, onRefused, failed } = this.options
    try {
      // Nothing else is looked into: it may be a user's, and may throw at a look.
      const carried = item[0] === SPAWN ? (item[1] as Birth).input : item.at(-1)
      const refused = link.send(item, transfersOf(carried) ?? [])
      if (refused !== undefined) onRefused(item, refused.error)
    } catch (error) {
      failed(error)
    }
  }
}

const NONE = -1

/** Messages of a turn that leave first; and how many times as many do next. Measured: see decision 0019. */
const EARLY_FIRST = 8
const EARLY_FACTOR = 8
