/**
 * Two sections joined: what leaves the first waits for room in the second.
 *
 * Rules: no more than `window` items are in the first section or wait behind it; the next one is refused at the door. So a
 * second section that takes none stops the first, that stops what is before it, and nothing that was taken is refused later. Items
 * that wait go on in the order in which they came out of the first.
 */
import type { Clock, Timer } from '../../../runtime/time/clock.ts'
import type { StageStatistics } from '../interface.ts'
import { Refused } from '../refused.ts'
import { type Item, RoomListeners, type Section } from './section.ts'

/** Milliseconds after which a section that had refused is asked again at the latest, and at the earliest. */
const RETRY_MS_MAX = 1_000
const RETRY_MS_MIN = 1

interface Waiting<Mid, Out> {
  readonly item: Watched
  readonly value: Mid
  readonly done: (value: Out) => void
}

export class Joint<In, Mid, Out> implements Section<In, Out> {
  private readonly first: Section<In, Mid>
  private readonly second: Section<Mid, Out>
  private readonly window: number
  private readonly room = new RoomListeners()
  private readonly queue: Waiting<Mid, Out>[] = []
  /** Items in the first section, or behind it. */
  private held = 0
  private retry: Timer | undefined = undefined
  private isAdvancing = false

  constructor(first: Section<In, Mid>, second: Section<Mid, Out>, window: number) {
    this.first = first
    this.second = second
    this.window = window
    first.onRoom(() => this.room.tell())
    second.onRoom(() => this.advance())
  }

  get hasRoom(): boolean {
    return this.held < this.window && this.first.hasRoom
  }

  get waiting(): number {
    return this.queue.length + this.first.waiting + this.second.waiting
  }

  begin(item: Item, value: In, done: (value: Out) => void): Refused | undefined {
    if (this.held >= this.window) return new Refused('flow', 'full', RETRY_MS_MIN)
    const watched = new Watched(item, () => this.left())
    this.held += 1
    const refused = this.first.begin(watched, value, (mid) => {
      const waiting = { item: watched, value: mid, done }
      this.queue.push(waiting)
      watched.callOff = () => void this.queue.splice(this.queue.indexOf(waiting), 1)
      this.advance()
    })
    if (refused !== undefined) this.held -= 1
    return refused
  }

  onRoom(listener: () => void): () => void {
    return this.room.add(listener)
  }

  stages(): readonly StageStatistics[] {
    return [...this.first.stages(), ...this.second.stages()]
  }

  /** Hands on what waits, as far as the second section takes it. */
  private advance(): void {
    if (this.isAdvancing) return
    this.isAdvancing = true
    this.retry?.cancel()
    this.retry = undefined
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      if (!next.item.isOver) {
        if (!this.second.hasRoom) break
        const { item, value, done } = next
        const refused = this.second.begin(item.item, value, done)
        if (refused !== undefined && !this.isFinal(item, refused)) {
          this.askAgain(item.ctx.clock, refused.retryAfterMs)
          break
        }
      }
      // It may have left by itself.
      if (this.queue[0] === next) this.queue.shift()
      next.item.leave()
    }
    this.isAdvancing = false
  }

  /** A section that is closed, or an item that is too late: waiting helps neither. */
  private isFinal(item: Item, refused: Refused): boolean {
    const { reason } = refused
    if (reason === 'full' || reason === 'overloaded') return false
    item.fail(reason === 'expired' ? item.ctx.failure() : refused.toError())
    return true
  }

  private askAgain(clock: Clock, retryAfterMs: number): void {
    const ms = Math.min(Math.max(retryAfterMs, RETRY_MS_MIN), RETRY_MS_MAX)
    this.retry = clock.schedule(clock.nowMs() + ms, () => this.advance())
  }

  private left(): void {
    this.held -= 1
    this.room.tell()
  }
}

/** An item in a section, whose place there is given back once: when it goes on, fails, or is called off. */
class Watched implements Item {
  readonly item: Item
  private readonly onLeft: () => void
  private hasLeft = false

  constructor(item: Item, onLeft: () => void) {
    this.item = item
    this.onLeft = onLeft
  }

  get ctx(): Item['ctx'] {
    return this.item.ctx
  }

  get isOver(): boolean {
    return this.item.isOver
  }

  get callOff(): Item['callOff'] {
    return this.item.callOff
  }

  set callOff(callOff: Item['callOff']) {
    this.item.callOff =
      callOff === undefined
        ? undefined
        : (reason) => {
            callOff(reason)
            this.leave()
          }
  }

  fail(error: unknown): void {
    this.item.fail(error)
    this.leave()
  }

  leave(): void {
    if (this.hasLeft) return
    this.hasLeft = true
    this.onLeft()
  }
}
