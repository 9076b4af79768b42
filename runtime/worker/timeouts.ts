/** The timeouts of all questions under way to one thread, with one timer: of the one that may wait least. */
import type { Clock, Timer } from '../time/clock.ts'
import type { Numbered } from './numbered.ts'
import type { Sent } from './sent.ts'

const NEVER = Number.POSITIVE_INFINITY

export class Timeouts {
  private readonly clock: Clock
  private readonly sent: Numbered<Sent>
  private readonly onTimeout: (sent: Sent) => void
  private timer: Timer | undefined = undefined
  private atMs = NEVER

  /** @param onTimeout - told of each that has waited for as long as it may. */
  constructor(clock: Clock, sent: Numbered<Sent>, onTimeout: (sent: Sent) => void) {
    this.clock = clock
    this.sent = sent
    this.onTimeout = onTimeout
  }

  /** A question may wait until `atMs`. */
  note(atMs: number): void {
    if (atMs >= this.atMs) return
    this.timer?.cancel()
    this.atMs = atMs
    this.timer = this.clock.schedule(atMs, () => this.due())
  }

  /** Nothing is under way: a timer would only keep the process. */
  rest(): void {
    this.timer?.cancel()
    this.atMs = NEVER
  }

  /** Most of what the timer was set for is settled long since: it is set again for what is left. */
  private due(): void {
    this.atMs = NEVER
    const nowMs = this.clock.nowMs()
    let nextMs = NEVER
    for (const sent of this.sent.values()) {
      if (sent.timeoutAtMs <= nowMs) this.onTimeout(sent)
      else if (sent.timeoutAtMs < nextMs) nextMs = sent.timeoutAtMs
    }
    if (nextMs !== NEVER) this.note(nextMs)
  }
}
