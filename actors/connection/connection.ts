/**
 * One connection: the stream's owner on one side, a protocol's conversation on the other.
 *
 * Rules: reading stops while the output is blocked, or while more has arrived than the conversation has consumed. A
 * conversation runs only within its actor's step. One timer serves every deadline: it is re-armed when it rings early,
 * so that moving a deadline costs nothing.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Address, StreamPort } from '../../runtime/loop/poller.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { ConnectionTimeoutError } from './errors.ts'
import { Input } from './input.ts'
import type { ConnectionLimits } from './limits.ts'

/** What the connection's actor does for it. */
export interface ConnectionHost {
  /** Has the conversation take a step, within this turn. */
  wake(): void
  /** The timer rang, and a deadline has passed. */
  timedOut(): void
}

const NEVER = Number.POSITIVE_INFINITY

export class Connection {
  /** Cancelled when the connection is gone. */
  readonly ctx: Context
  /** What has arrived and nobody has consumed. */
  readonly input = new Input()
  /** No new work is to be begun: the listener or the system is stopping. */
  isDraining = false
  /** Something was under way since a newcomer last looked for a place. */
  private wasBusy = false
  private idles = false
  private readonly port: StreamPort
  private readonly limits: ConnectionLimits
  /** Bytes that the input may hold before reading stops. */
  private inputBytesMax: number
  /** The listener drains; `isDraining` may also be the conversation's own wish. */
  private isStopping = false
  /** How far the peer's bytes had come when the drain was called for. */
  private drainedAt = 0
  private readonly host: ConnectionHost
  private isWoken = false
  private isOver = false
  private isFinished = false
  private steppedAtMs = 0

  private timer: Timer | undefined = undefined
  /** What the conversation waits for: an instant, how long that is, and how to say that it did not come. */
  private expectedByMs = NEVER
  private expectedMs = 0
  private expectedCode = 'CONNECTION_IDLE'
  private expectedWhat = 'byte'
  private hasOwnExpectation = false
  /** By when `owedBytes` more of the output must have left than had left when that was set. */
  private writeByMs = NEVER
  private leftBytes = 0
  private owedBytes = 0
  private writtenBytes = 0
  /** By when the peer must have closed, and the furthest that this is ever put off. */
  private lingerByMs = NEVER
  private lingerEndMs = NEVER

  constructor(
    ctx: Context,
    port: StreamPort,
    limits: ConnectionLimits,
    inputHighWaterBytes: number,
    host: ConnectionHost,
  ) {
    this.ctx = ctx
    this.port = port
    this.limits = limits
    this.inputBytesMax = inputHighWaterBytes
    this.host = host
  }

  get local(): Address | undefined {
    return this.port.local
  }

  get remote(): Address | undefined {
    return this.port.remote
  }

  /** The instant at which the conversation's present step began: time enough for deadlines, without asking the clock. */
  get nowMs(): number {
    return this.steppedAtMs
  }

  /** So much waits to leave that more should not be written until it has. */
  get isBlocked(): boolean {
    return this.port.isBlocked
  }

  /** Nothing is under way for the peer, though it may have begun to ask: the conversation says so, and may be closed for a newcomer then. */
  get isIdle(): boolean {
    return this.idles
  }

  set isIdle(idles: boolean) {
    this.idles = idles
    if (!idles) this.wasBusy = true
  }

  /** All that had arrived when the drain was called for has been consumed: what comes now came too late. */
  get isDrained(): boolean {
    return this.isDraining && this.input.position >= this.drainedAt
  }

  /** The conversation may have to see so many bytes at once: reading does not stop before. */
  needBytes(bytes: number): void {
    this.inputBytesMax = Math.max(this.inputBytesMax, bytes)
  }

  /** Adds to what leaves at the end of the turn. A string is sent as latin1; an array is not copied. */
  write(chunk: Uint8Array | string): void {
    if (this.isOver) return
    this.port.write(chunk)
    this.writtenBytes += chunk.length
    if (this.writeByMs === NEVER) this.expectOutput(this.ctx.clock.nowMs())
  }

  /** What the conversation waits for has come from elsewhere: it takes a step. May be called at any time, and often. */
  wake(): void {
    if (this.isWoken || this.isOver) return
    this.isWoken = true
    this.host.wake()
  }

  /**
   * From now on the conversation waits for `what`, at most `ms` milliseconds; then its `yield` throws a
   * `ConnectionTimeoutError` with `code`. One expectation at a time: the next call replaces it.
   */
  expect(ms: number, code: string, what: string): void {
    this.hasOwnExpectation = true
    this.setExpectation(ms, code, what)
  }

  /** The conversation waits for nothing of the peer's. */
  expectNothing(): void {
    this.hasOwnExpectation = true
    this.expectedByMs = NEVER
  }

  /** From now on a byte is expected within the connection's own `idleTimeoutMs`, as if nothing else had ever been said. */
  expectBytes(): void {
    this.hasOwnExpectation = false
    this.setExpectation(this.limits.idleTimeoutMs, 'CONNECTION_IDLE', 'byte')
  }

  /** Has the conversation take a step in a later turn, when all others have had theirs. */
  wakeLater(): void {
    this.ctx.clock.schedule(this.ctx.clock.nowMs(), () => this.wake())
  }

  /** Bytes were consumed outside of a step: there may be room to read on. */
  consumed(): void {
    if (!this.isOver) this.regulate()
  }

  /** Drops the connection now, unsent output and all; the peer sees a reset. */
  abort(): void {
    this.isOver = true
    this.port.destroy(true)
  }

  // ── For the actor ──────────────────────────────────────────────────────────────────────────────────────────────

  /** @internal Where room is wanted for another connection, this one may be closed: it idles or is over, and has nothing to send. */
  get mayGo(): boolean {
    return (this.idles || this.isFinished) && this.port.outputBytes === 0
  }

  /** @internal @returns whether something was under way since this was last asked. */
  takeBusy(): boolean {
    const { wasBusy } = this
    this.wasBusy = false
    return wasBusy
  }

  /** @internal It makes room: its peer sees an end, not a reset. */
  go(): void {
    this.isFinished = true
  }

  /** @internal Begins to wait for the first byte. */
  opened(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    if (!this.hasOwnExpectation) this.setExpectation(this.limits.idleTimeoutMs, 'CONNECTION_IDLE', 'byte')
  }

  /** @internal */
  received(bytes: Buffer): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.input.push(bytes)
    if (!this.hasOwnExpectation) this.setExpectation(this.limits.idleTimeoutMs, 'CONNECTION_IDLE', 'byte')
  }

  /** @internal */
  drained(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
  }

  /** @internal The conversation is about to take the step it was woken for. */
  stepping(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.isWoken = false
  }

  /** @internal The peer has sent its last byte. */
  ended(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.input.end()
  }

  /** @internal No new work is to be begun. */
  drain(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    if (!this.isStopping) this.drainedAt = this.input.position + this.input.available
    this.isStopping = true
    this.isDraining = true
  }

  /** @internal Stops or goes on reading, after a step. */
  regulate(): void {
    if (this.port.isBlocked || this.input.available > this.inputBytesMax) this.port.pause()
    else this.port.resume()
  }

  /** @internal The conversation is over: send the rest, then our end, and linger until the peer's. */
  finish(): void {
    const nowMs = this.ctx.clock.nowMs()
    this.isOver = true
    this.isFinished = true
    this.expectedByMs = NEVER
    this.input.skip(this.input.available)
    this.port.end()
    this.port.resume()
    this.linger(nowMs)
    this.expectOutput(nowMs)
  }

  /** @internal The peer goes on sending after our end: it may not have read that, and a reset would take it away. */
  receivedLate(): void {
    if (!this.isStopping) this.lingerByMs = this.lingerUntil(this.ctx.clock.nowMs())
  }

  /**
   * @internal The actor has ended: nothing is left behind. Where the peer could take our end for that of a whole
   * conversation, it sees a reset.
   */
  release(): void {
    const isWhole = this.isFinished && this.port.outputBytes === 0
    this.isOver = true
    this.timer?.cancel()
    this.timer = undefined
    this.port.owner = undefined
    this.port.destroy(!isWhole)
  }

  /** @internal Which deadline has passed: the conversation is to be told, or the connection is lost. */
  takeTimeout(): ConnectionTimeoutError | 'lost' | undefined {
    const nowMs = this.ctx.clock.nowMs()
    this.steppedAtMs = nowMs
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

  /** From now on what waits to leave must do so at the least rate, or all of it where that is less. */
  private expectOutput(nowMs: number): void {
    const { outputBytes } = this.port
    const { writeTimeoutMs, writeBytesPerSecondMin } = this.limits
    this.leftBytes = this.outputLeft()
    this.owedBytes = Math.min(outputBytes, Math.max(1, (writeBytesPerSecondMin * writeTimeoutMs) / 1000))
    this.writeByMs = outputBytes > 0 ? nowMs + writeTimeoutMs : NEVER
    this.arm()
  }

  private linger(nowMs: number): void {
    this.lingerEndMs = nowMs + this.limits.lingerMaxMs
    this.lingerByMs = this.lingerUntil(nowMs)
  }

  private lingerUntil(nowMs: number): number {
    return Math.min(nowMs + this.limits.lingerTimeoutMs, this.lingerEndMs)
  }

  /** Bytes of the output that the operating system has taken. */
  private outputLeft(): number {
    return this.writtenBytes - this.port.outputBytes
  }

  private setExpectation(ms: number, code: string, what: string): void {
    this.expectedByMs = this.steppedAtMs + ms
    this.expectedMs = ms
    this.expectedCode = code
    this.expectedWhat = what
    this.arm()
  }

  private get nextDeadlineMs(): number {
    return Math.min(this.expectedByMs, this.writeByMs, this.lingerByMs)
  }

  /** Sees to it that the timer rings no later than the next deadline. */
  private arm(): void {
    const atMs = this.nextDeadlineMs
    if (atMs === NEVER || (this.timer !== undefined && this.timer.atMs <= atMs)) return
    this.timer?.cancel()
    this.timer = this.ctx.clock.schedule(atMs, this.rang)
  }

  private readonly rang = (): void => {
    this.timer = undefined
    if (this.ctx.clock.nowMs() >= this.nextDeadlineMs) this.host.timedOut()
    else this.arm()
  }
}
