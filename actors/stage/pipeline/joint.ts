/**
 * Two sections joined: what leaves the first waits for a place in the rest.
 *
 * Rules: no more than `window` items are in the first section or wait behind it. So a rest that takes none stops the first,
 * which stops what is before it, up to the entrance; and what was taken there is refused nowhere later. Items that wait go on in
 * the order in which they came out of the first.
 */
import { DeadlineError } from '../../../runtime/errors.ts'
import { Linked, LinkedList } from '../linked-list.ts'
import { Refused } from '../refused.ts'
import { Room } from '../room.ts'
import { type JoinOptions, RETRY_MS_UNKNOWN } from './limits.ts'
import { RoomWait } from './room-wait.ts'
import type { FlowStage, Full, Holder, Item, Section } from './section.ts'

export class Joint<In, Mid, Out> implements Section<In, Out> {
  private readonly first: Section<In, Mid>
  private readonly rest: Section<Mid, Out>
  private readonly window: number
  private readonly waitMs: number
  /** In the first section, told to those before it. */
  private readonly room = new Room(() => this.held < this.window)
  private readonly queue = new LinkedList<Visit<Mid, Out>>()
  /** Items in the first section, or in the queue behind it. */
  private held = 0
  private readonly roomInRest = new RoomWait(() => this.advance())
  private isAdvancing = false
  /** What the rest said last, while items wait for it. */
  private retryAfterMs = RETRY_MS_UNKNOWN

  constructor(first: Section<In, Mid>, rest: Section<Mid, Out>, options: Required<JoinOptions>) {
    this.first = first
    this.rest = rest
    this.window = options.window
    this.waitMs = options.waitMs
  }

  get name(): string {
    return this.first.name
  }

  get waiting(): number {
    return this.queue.size + this.first.waiting + this.rest.waiting
  }

  begin(item: Item, value: In, done: (value: Out) => void): Full | undefined {
    if (this.held >= this.window) {
      const retryAfterMs = this.queue.size > 0 ? this.retryAfterMs : RETRY_MS_UNKNOWN
      return { refused: new Refused(this.name, 'full', retryAfterMs), room: this.room }
    }
    const visit = new Visit<Mid, Out>(item, done, () => this.left(visit))
    this.held += 1
    item.enters(visit)
    const full = this.first.begin(item, value, (mid) => this.cameOut(visit, mid))
    if (full !== undefined) {
      item.leaves(visit)
      this.held -= 1
    }
    return full
  }

  stages(): readonly FlowStage[] {
    return [...this.first.stages(), ...this.rest.stages()]
  }

  private cameOut(visit: Visit<Mid, Out>, value: Mid): void {
    if (visit.item.isOver) return
    const { clock } = visit.item.ctx
    visit.waits = { value, untilMs: clock.nowMs() + this.waitMs }
    this.queue.push(visit)
    // Where others wait there is no room for this one either.
    if (this.queue.size === 1) this.advance()
  }

  /** Hands on what waits, as far as the rest takes it. */
  private advance(): void {
    if (this.isAdvancing) return
    this.isAdvancing = true
    this.roomInRest.stop()
    for (let visit = this.queue.first; visit !== undefined; visit = this.queue.first) {
      const { item, waits, done } = visit
      const { value, untilMs } = waits as Waits<Mid>
      const { clock } = item.ctx
      if (untilMs <= clock.nowMs()) {
        item.fail(
          new DeadlineError(untilMs, `an item that waited ${this.waitMs} ms for stage "${this.rest.name}"`),
        )
        continue
      }
      const full = this.rest.begin(item, value, done)
      if (full === undefined) {
        item.leaves(visit)
        if (visit.waits !== undefined) this.left(visit)
      } else if (full.refused.reason === 'closed') {
        item.fail(full.refused.toError())
      } else if (full.refused.reason === 'expired') {
        item.fail(item.ctx.failure())
      } else {
        this.retryAfterMs = full.refused.retryAfterMs
        this.roomInRest.start(full, clock, untilMs)
        break
      }
    }
    this.isAdvancing = false
  }

  /** One has gone on, or was settled here. */
  private left(visit: Visit<Mid, Out>): void {
    if (visit.waits !== undefined) {
      visit.waits = undefined
      const wasFirst = this.queue.first === visit
      this.queue.remove(visit)
      // The next one has another lane, maybe; and nobody waits for nothing.
      if (wasFirst) this.advance()
    }
    this.held -= 1
    this.room.tell()
  }
}

interface Waits<Mid> {
  readonly value: Mid
  readonly untilMs: number
}

/** An item in the first section, or behind it. */
class Visit<Mid, Out> extends Linked implements Holder {
  readonly item: Item
  readonly done: (value: Out) => void
  /** While it is in the queue. */
  waits: Waits<Mid> | undefined = undefined
  /** The item was settled here. */
  readonly ended: () => void

  constructor(item: Item, done: (value: Out) => void, ended: () => void) {
    super()
    this.item = item
    this.done = done
    this.ended = ended
  }
}
