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
  /** The number of the message that the thread has begun last. */
  readonly lastBegun: number
  stuck(): void
}

export class Watchdog {
  private readonly watched: Watched
  private timer: Timer | undefined = undefined
  /** The message that the thread was busy with at the last look, and since when. */
  private suspect = 0
  private sinceMs = 0

  constructor(watched: Watched) {
    this.watched = watched
  }

  /** A message was abandoned: looks every half of `stuckMs` from now on, as long as such a message is under way. */
  wake(): void {
    const { clock, stuckMs } = this.watched
    this.timer ??= clock.schedule(clock.nowMs() + stuckMs / 2, () => this.look())
  }

  end(): void {
    this.timer?.cancel()
  }

  private look(): void {
    this.timer = undefined
    const { clock, sent, lastBegun, stuckMs } = this.watched
    const nowMs = clock.nowMs()
    if (lastBegun !== this.suspect) {
      this.suspect = lastBegun
      this.sinceMs = nowMs
    }
    const abandonedAtMs = sent.get(lastBegun)?.abandonedAtMs ?? nowMs
    // It was seen to be busy with it half of the time ago, and longer than that it has been.
    if (nowMs - Math.max(this.sinceMs, abandonedAtMs) >= stuckMs / 2) this.watched.stuck()
    else if (hasAbandoned(sent)) this.wake()
  }
}

function hasAbandoned(sent: Numbered<Sent>): boolean {
  for (const { abandonedAtMs } of sent.values()) if (abandonedAtMs !== undefined) return true
  return false
}
