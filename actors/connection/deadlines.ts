/**
 * What one connection waits for, and how long: something of its peer's, that the peer takes what waits for it, and, once all
 * is said, that the peer closes.
 *
 * One timer serves every deadline. It is not moved with them: when it rings early it is set again, so that a deadline which
 * moves with each message costs a comparison.
 */
import type { StreamPort } from '../../runtime/loop/poller.ts'
import type { Clock, Timer } from '../../runtime/time/clock.ts'
import { ConnectionTimeoutError } from './errors.ts'
import type { ConnectionLimits } from './limits.ts'

const NEVER = Number.POSITIVE_INFINITY

export interface DeadlinesHost {
  /** One has passed: `take` then says which. @returns false where that could not be told. */
  timedOut(): boolean
}

export class Deadlines {
  private readonly clock: Clock
  private readonly port: StreamPort
  private readonly limits: ConnectionLimits
  private readonly host: DeadlinesHost
  private timer: Timer | undefined = undefined
  /** What the conversation waits for: an instant, how long that is, and how to say that it did not come. */
  private expectedByMs = NEVER
  private expectedMs = 0
  private expectedCode = ''
  private expectedWhat = ''
  /** By when `owedBytes` more of the output must have left than had left when that was set. */
  private writeByMs = NEVER
  private leftBytes = 0
  private owedBytes = 0
  private writtenBytes = 0
  /** By when the peer must have closed, and the furthest that this is ever put off. */
  private lingerByMs = NEVER
  private lingerEndMs = NEVER

  constructor(clock: Clock, port: StreamPort, limits: ConnectionLimits, host: DeadlinesHost) {
    this.clock = clock
    this.port = port
    this.limits = limits
    this.host = host
  }

  get isExpecting(): boolean {
    return this.expectedByMs !== NEVER
  }

  expect(nowMs: number, ms: number, code: string, what: string): void {
    this.expectedByMs = nowMs + ms
    this.expectedMs = ms
    this.expectedCode = code
    this.expectedWhat = what
    this.arm()
  }

  expectNothing(): void {
    this.expectedByMs = NEVER
  }

  wrote(bytes: number): void {
    this.writtenBytes += bytes
    if (this.writeByMs === NEVER) this.expectOutput(this.clock.nowMs())
  }

  /** From now on what waits to leave must do so at the least rate, or all of it where that is less. */
  expectOutput(nowMs: number): void {
    const { outputBytes } = this.port
    const { writeTimeoutMs, writeBytesPerSecondMin } = this.limits
    this.leftBytes = this.outputLeft()
    this.owedBytes = Math.min(outputBytes, Math.max(1, (writeBytesPerSecondMin * writeTimeoutMs) / 1000))
    this.writeByMs = outputBytes > 0 ? nowMs + writeTimeoutMs : NEVER
    this.arm()
  }

  /** We have said our last. */
  linger(nowMs: number): void {
    this.lingerEndMs = nowMs + this.limits.lingerMaxMs
    this.lingerOn(nowMs)
  }

  lingerOn(nowMs: number): void {
    this.lingerByMs = Math.min(nowMs + this.limits.lingerTimeoutMs, this.lingerEndMs)
  }

  /** @returns what the conversation is to be told, or that the connection is lost; undefined where nothing has passed. */
  take(nowMs: number): ConnectionTimeoutError | 'lost' | undefined {
    if (nowMs >= this.writeByMs) {
      if (this.port.outputBytes > 0 && this.outputLeft() - this.leftBytes < this.owedBytes) return 'lost'
      this.expectOutput(nowMs)
    }
    if (nowMs >= this.lingerByMs) {
      if (this.port.outputBytes === 0) return 'lost'
      // The rest is still leaving: the peer's time to close begins behind it.
      this.linger(nowMs)
    }
    const hasPassed = nowMs >= this.expectedByMs
    if (hasPassed) this.expectedByMs = NEVER
    this.arm()
    return hasPassed
      ? new ConnectionTimeoutError(this.expectedCode, this.expectedMs, this.expectedWhat)
      : undefined
  }

  release(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  /** Bytes of the output that the operating system has taken. */
  private outputLeft(): number {
    return this.writtenBytes - this.port.outputBytes
  }

  private get nextMs(): number {
    return Math.min(this.expectedByMs, this.writeByMs, this.lingerByMs)
  }

  /** Sees to it that the timer rings no later than the next deadline. */
  private arm(): void {
    const atMs = this.nextMs
    if (atMs === NEVER || (this.timer !== undefined && this.timer.atMs <= atMs)) return
    this.timer?.cancel()
    this.timer = this.clock.schedule(atMs, this.rang)
  }

  private readonly rang = (): void => {
    this.timer = undefined
    if (this.clock.nowMs() < this.nextMs) this.arm()
    else if (!this.host.timedOut()) this.timer = afterMail(this.clock, this.rang)
  }
}

/** The mailbox is full of what others have for the peer: by then the connection has taken some of that. */
export function afterMail(clock: Clock, action: () => void): Timer {
  return clock.schedule(clock.nowMs() + 1, action)
}
