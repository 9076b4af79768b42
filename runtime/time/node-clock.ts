/**
 * The real clock: monotonic time of the process, and at most one Node timer, the alarm.
 *
 * The alarm is set lazily. A timer that is later than the alarm asks nothing of Node, and neither does cancelling the
 * timer that the alarm was meant for: it then rings for nothing, once, and is set anew. (Timeouts are scheduled and
 * cancelled thousands of times a second and hardly ever met; each `setTimeout` would cost several times the wheel.)
 * With no timers the alarm is unreferenced, so it does not keep the process alive.
 */
import type { Clock, ClockOptions } from './clock.ts'
import { type Alarm, type Host, nodeHost } from './host.ts'
import { WheelClock } from './wheel-clock.ts'

/** A clock on the process's own time. A pending timer keeps the process alive, as with `setTimeout`. */
export function createClock(options: ClockOptions = {}): Clock {
  return new NodeClock(options, nodeHost)
}

/** Exported for the clock's own tests, which give it a host of their own. */
export class NodeClock extends WheelClock {
  readonly #host: Host
  readonly #wake: () => void
  #onDue: (() => void) | undefined = undefined

  /** Set exactly while `wakeMs` is finite. */
  #alarm: Alarm | undefined = undefined

  constructor(options: ClockOptions, host: Host) {
    super(options)
    this.#host = host
    this.#wake = () => this.#ring()
  }

  nowMs(): number {
    return this.#host.nowMs()
  }

  wallMs(): number {
    return this.#host.wallMs()
  }

  get onDue(): (() => void) | undefined {
    return this.#onDue
  }

  set onDue(onDue: (() => void) | undefined) {
    this.#onDue = onDue
    // The former reactor may have been told of due timers and will now never fire them.
    if (this.wakeMs === -Infinity) this.fired()
  }

  override close(): void {
    super.close()
    this.#alarm?.clear()
    this.#alarm = undefined
    this.wakeMs = Infinity
  }

  protected wakeAt(atMs: number): void {
    this.#alarm?.clear()
    this.#alarm = this.#host.alarm(Math.max(0, atMs - this.#host.nowMs()), this.#wake)
    this.wakeMs = atMs
  }

  protected becameEmpty(): void {
    this.#alarm?.unref()
  }

  protected becameOccupied(): void {
    this.#alarm?.ref()
  }

  protected fired(): void {
    if (this.wakeMs === -Infinity) this.wakeMs = Infinity
    const nextMs = this.wheel.nextWakeMs()
    if (nextMs < this.wakeMs) this.wakeAt(nextMs)
  }

  #ring(): void {
    this.#alarm = undefined
    this.wakeMs = -Infinity
    // Node's timers may ring early, and an alarm may be for a timer that was cancelled or that has only to move down
    // the wheel: then there is nothing to announce, and `fired` sets the next alarm.
    if (this.wheel.dueBy(this.nowMs()) === undefined) this.fired()
    else if (this.#onDue === undefined) this.fireDue()
    else this.#onDue()
  }
}
