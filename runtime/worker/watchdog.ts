/**
 * Finds a thread that is busy for too long with what nobody waits for: a handler that loops for ever, say.
 *
 * A thread that answers its mail says so of a message that was called off as soon as it has seen that. So one that has
 * begun such a message, and neither ended it nor begun another for `stuckMs`, sees nothing any more.
 */
import type { Clock, Timer } from '../time/clock.ts'
import type { Numbered } from './numbered.ts'
import type { Sent } from './sent.ts'

export interface Watched {
  readonly clock: Clock
  readonly stuckMs: number
  /** What is under way, by its number. */
  readonly sent: Numbered<Sent>
  /** The number of the message that the thread was busy with last. */
  readonly busyWith: number
  stuck(): void
}

export class Watchdog {
  private readonly watched: Watched
  private timer: Timer | undefined = undefined
  /** The message that the thread was busy with at the last look, and since when. */
  private suspect = 0
  private sinceMs = 0
  /** It is looked at once more: where home was busy itself, what the thread has said meanwhile is taken in between. */
  private wasSuspicious = false

  constructor(watched: Watched) {
    this.watched = watched
  }

  /** A message was abandoned: looks every half of `stuckMs` from now on, as long as such a message is under way. */
  wake(): void {
    if (this.timer !== undefined) return
    const { clock, stuckMs } = this.watched
    const nowMs = clock.nowMs()
    this.see(nowMs)
    this.timer = clock.schedule(nowMs + stuckMs / 2, () => this.look())
  }

  /** Nothing is under way: a timer would only keep the process. */
  rest(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.wasSuspicious = false
  }

  private look(): void {
    this.timer = undefined
    const { clock, sent, busyWith, stuckMs } = this.watched
    const nowMs = clock.nowMs()
    this.see(nowMs)
    const abandonedAtMs = sent.get(busyWith)?.abandonedAtMs ?? nowMs
    const isSuspicious = nowMs - Math.max(this.sinceMs, abandonedAtMs) >= stuckMs
    if (isSuspicious && this.wasSuspicious) {
      this.watched.stuck()
    } else if (isSuspicious) {
      this.timer = clock.schedule(nowMs + 1, () => this.look())
    } else if (hasAbandoned(sent)) {
      this.wake()
    }
    this.wasSuspicious = isSuspicious
  }

  private see(nowMs: number): void {
    const { busyWith } = this.watched
    if (busyWith === this.suspect) return
    this.suspect = busyWith
    this.sinceMs = nowMs
  }
}

function hasAbandoned(sent: Numbered<Sent>): boolean {
  for (const { abandonedAtMs } of sent.values()) if (abandonedAtMs !== undefined) return true
  return false
}
