/**
 * One connection: the stream's owner on one side, a protocol's conversation on the other.
 *
 * Rules: reading stops while the output is blocked, or while more has arrived than the conversation has consumed. A
 * conversation runs only within its actor's step.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Address, StreamPort } from '../../runtime/loop/poller.ts'
import type { Securing, TlsSession } from '../../runtime/loop/tls.ts'
import type { Spawn } from '../../runtime/system/logic.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { afterMail, Deadlines } from './deadlines.ts'
import { type ConnectionTimeoutError, earlyBytes } from './errors.ts'
import { Input } from './input.ts'
import type { ConnectionLimits } from './limits.ts'

/** What the connection's actor does for it. */
export interface ConnectionHost {
  readonly ref: Ref<DeliveryEvent>
  readonly spawn: Spawn
  /** Has TLS agreed on: the conversation stands still until it is. */
  secure(securing: Securing): void
  /** Has the conversation take a step, within this turn. @returns false where its mailbox is full. */
  wake(): boolean
  /** The timer rang, and a deadline has passed. @returns false where its mailbox is full. */
  timedOut(): boolean
}

/** What other actors may say to a connection. */
export type DeliveryEvent =
  /** Has something for the peer: the protocol's outlet puts it on the wire. */
  | { readonly type: 'deliver'; readonly message: unknown }
  /** Wants the conversation to end, in its protocol's way. */
  | ({ readonly type: 'hangUp' } & HangUp)
  /** Nothing new is to be begun: the listener says so, or the system. */
  | { readonly type: 'drain' }

/** Why a conversation is to end. */
export interface HangUp {
  /** A number of the protocol's: a close code of WebSocket. Who knows none ignores it. */
  readonly code?: number
  /** For the peer to read. */
  readonly reason?: string
}

/** Takes what other actors have for the peer. A protocol that understands messages has one. */
export interface Receiver {
  take(message: unknown): void
  /** There is room again. */
  drained(): void
}

/** Milliseconds that a handshake has from the moment that the server begins to stop: as long as an idle client of HTTP. */
const HURRIED_HANDSHAKE_MS = 500

export class Connection {
  /** Cancelled when the connection is gone. */
  readonly ctx: Context
  /** What has arrived and nobody has consumed. */
  readonly input = new Input()
  /** No new work is to be begun: the listener or the system is stopping. */
  isDraining = false
  /** What `deliver` brings goes here; where there is none, nowhere. Set by the conversation. */
  receiver: Receiver | undefined = undefined
  /** What TLS has agreed on; undefined where the connection is not encrypted. */
  tls: TlsSession | undefined = undefined
  /** What goes on in place of the conversation that sets this, and ends: the connection changes its protocol. */
  successor: Generator<void, void, void> | undefined = undefined
  /** Somebody wants this conversation to end: it looks here, and says its goodbye. */
  hungUp: HangUp | undefined = undefined
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

  private hasOwnExpectation = false
  private readonly deadlines: Deadlines

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
    this.deadlines = new Deadlines(ctx.clock, port, limits, host)
  }

  /** Its actor. Other actors have messages delivered there, where the protocol knows any. */
  get ref(): Ref<DeliveryEvent> {
    return this.host.ref
  }

  /** Spawns a child of the connection's actor: it ends with the connection. */
  get spawn(): Spawn {
    return this.host.spawn
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
    this.deadlines.wrote(chunk.length)
  }

  /**
   * Goes on over TLS, in place (as STARTTLS does): what was written before still goes out plain, what comes from now on is
   * encrypted. A handshake that fails, or takes longer than `handshakeTimeoutMs`, ends the connection.
   *
   * @throws PeerError (`TLS_EARLY_BYTES`) where the peer has sent something ahead, that somebody else may have slipped in.
   */
  *secure(securing: Securing): Generator<void, TlsSession, void> {
    if (this.input.available > 0) throw earlyBytes()
    this.tls = undefined
    this.host.secure(securing)
    for (;;) {
      const { tls } = this as { readonly tls: TlsSession | undefined }
      if (tls !== undefined) return tls
      yield
    }
  }

  /** What the conversation waits for has come from elsewhere: it takes a step. May be called at any time, and often. */
  wake(): void {
    if (this.isWoken || this.isOver) return
    this.isWoken = true
    if (!this.host.wake()) this.wakeAfterMail()
  }

  /**
   * From now on the conversation waits for `what`, at most `ms` milliseconds; then its `yield` throws a
   * `ConnectionTimeoutError` with `code`. One expectation at a time: the next call replaces it.
   */
  expect(ms: number, code: string, what: string): void {
    this.hasOwnExpectation = true
    this.deadlines.expect(this.steppedAtMs, ms, code, what)
  }

  /** Something is waited for, and has not been given up. */
  get isExpecting(): boolean {
    return this.deadlines.isExpecting
  }

  /** The conversation waits for nothing of the peer's. */
  expectNothing(): void {
    this.hasOwnExpectation = true
    this.deadlines.expectNothing()
  }

  /** From now on a byte is expected within the connection's own `idleTimeoutMs`, as if nothing else had ever been said. */
  expectBytes(): void {
    this.hasOwnExpectation = false
    this.expectByte()
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

  /** @internal Begins to wait for the handshake. A connection that has not got further may make room for another. */
  securing(isFirst: boolean): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    if (isFirst) this.isIdle = true
    this.expect(this.limits.handshakeTimeoutMs, 'TLS_HANDSHAKE_TIMEOUT', 'TLS handshake')
  }

  /** @internal The server stops, and the peer has not even agreed on TLS: who means to ask something is about to. */
  hurryHandshake(): void {
    this.expect(
      Math.min(HURRIED_HANDSHAKE_MS, this.limits.handshakeTimeoutMs),
      'TLS_HANDSHAKE_TIMEOUT',
      'TLS handshake',
    )
  }

  /** @internal */
  secured(session: TlsSession): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.tls = session
    this.idles = false
    this.expectBytes()
  }

  /** @internal Begins to wait for the first byte. */
  opened(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    if (!this.hasOwnExpectation) this.expectByte()
  }

  /** @internal */
  received(bytes: Buffer): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.input.push(bytes)
    if (!this.hasOwnExpectation) this.expectByte()
  }

  /** @internal */
  drained(): void {
    this.steppedAtMs = this.ctx.clock.nowMs()
    this.receiver?.drained()
  }

  /** @internal */
  hangUp(why: HangUp): void {
    this.hungUp ??= why
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
    this.deadlines.expectNothing()
    this.input.skip(this.input.available)
    this.port.end()
    this.port.resume()
    this.deadlines.linger(nowMs)
    this.deadlines.expectOutput(nowMs)
  }

  /** @internal The peer goes on sending after our end: it may not have read that, and a reset would take it away. */
  receivedLate(): void {
    if (!this.isStopping) this.deadlines.lingerOn(this.ctx.clock.nowMs())
  }

  /**
   * @internal The actor has ended: nothing is left behind. Where the peer could take our end for that of a whole
   * conversation, it sees a reset.
   */
  release(): void {
    const isWhole = this.isFinished && this.port.outputBytes === 0
    this.isOver = true
    this.deadlines.release()
    this.port.owner = undefined
    this.port.destroy(!isWhole)
  }

  /** @internal Which deadline has passed: the conversation is to be told, or the connection is lost. */
  takeTimeout(): ConnectionTimeoutError | 'lost' | undefined {
    const nowMs = this.ctx.clock.nowMs()
    this.steppedAtMs = nowMs
    return this.deadlines.take(nowMs)
  }

  private wakeAfterMail(): void {
    afterMail(this.ctx.clock, () => {
      if (!this.isOver && !this.host.wake()) this.wakeAfterMail()
    })
  }

  private expectByte(): void {
    this.deadlines.expect(this.steppedAtMs, this.limits.idleTimeoutMs, 'CONNECTION_IDLE', 'byte')
  }
}
