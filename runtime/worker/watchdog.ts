/**
 * Finds a thread that is busy for too long with what nobody waits for: a handler that loops for ever, say.
 *
 * A thread is told of what was called off, and hears that as soon as it comes to its mail. So one that has not heard it for
 * `stuckMs` is busy; and it is busy in vain, unless somebody waits for the message that it handles, or, where no handler is
 * on its stack but the rest of one that waited, for any that it has begun.
 */
import type { Clock, Timer } from '../time/clock.ts'
import type { BegunNote } from './begun.ts'
import type { Numbered } from './numbered.ts'
import type { Sent } from './sent.ts'

export interface Watched {
  readonly clock: Clock
  readonly stuckMs: number
  /** What is under way, by its number. */
  readonly sent: Numbered<Sent>
  /** What the thread says of itself. */
  readonly begun: BegunNote
  stuck(): void
}

export class Watchdog {
  private readonly watched: Watched
  private timer: Timer | undefined = undefined
  /** Batches that the thread is to hear. */
  private awaited = 0
  /** The same, when the last was called off. */
  private latest = 0
  /** What the thread was at when it was looked at last, and since when. */
  private present = 0
  private last = 0
  private sinceMs = 0

  constructor(watched: Watched) {
    this.watched = watched
  }

  /** It was sent that something is called off, with the batch of that number. */
  told(batch: number): void {
    this.latest = batch
    if (this.timer === undefined) this.begin()
  }

  /** Nothing is under way: a timer would only keep the process. */
  rest(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  private begin(): void {
    const { clock, begun } = this.watched
    this.awaited = this.latest
    this.present = begun.present
    this.last = begun.last
    this.sinceMs = clock.nowMs()
    this.wait()
  }

  /** Looks every half of `stuckMs`, until it has heard. */
  private wait(): void {
    const { clock, stuckMs } = this.watched
    this.timer = clock.schedule(clock.nowMs() + stuckMs / 2, () => this.look())
  }

  private look(): void {
    const { clock, begun, stuckMs } = this.watched
    this.timer = undefined
    if (hasHeard(begun, this.awaited)) {
      if (!hasHeard(begun, this.latest)) this.begin()
      return
    }
    const nowMs = clock.nowMs()
    const { present, last } = begun
    if (present !== this.present || last !== this.last || this.isWanted(present)) {
      this.present = present
      this.last = last
      this.sinceMs = nowMs
    }
    const abandonedAtMs = this.watched.sent.get(present)?.abandonedAtMs ?? this.sinceMs
    if (nowMs - Math.max(this.sinceMs, abandonedAtMs) >= stuckMs) this.watched.stuck()
    else this.wait()
  }

  /** Somebody waits for what the thread is at, as far as can be known. */
  private isWanted(present: number): boolean {
    const { sent, begun } = this.watched
    if (present !== 0) {
      const message = sent.get(present)
      return message !== undefined && message.abandonedAtMs === undefined
    }
    // Its actor may take its time to start.
    const isFirst = begun.last === 0
    return sent
      .values()
      .some(({ id, abandonedAtMs }) => abandonedAtMs === undefined && (isFirst || begun.wasBegun(id)))
  }
}

function hasHeard({ heard }: BegunNote, batch: number): boolean {
  return ((heard - batch) | 0) >= 0
}
