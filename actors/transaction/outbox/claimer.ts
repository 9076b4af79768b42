/**
 * When a relay claims: the wake after a commit makes it quick, and looking again makes it true.
 *
 * It looks at once when it is woken, when it has room for a destination that had more than was claimed, and when its pause is
 * over: `pollMinMs` while there is work, twice as long each time that there is none, and never later than the next message that
 * is known to become due. After a failure nothing cuts the pause short.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Timer } from '../../../runtime/time/clock.ts'
import { calling } from './calling.ts'
import type { Lanes } from './lanes.ts'
import type { ClaimAnswer } from './message.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { RelayLimits } from './relay-limits.ts'

export interface Claim {
  readonly answer: ClaimAnswer
  /** Monotonic milliseconds: when it was asked for, so that no lease is thought longer than it is. */
  readonly askedMs: number
}

export class Claimer {
  private readonly ctx: Context
  private readonly store: OutboxStore
  private readonly limits: RelayLimits
  private readonly strict: readonly string[]
  private readonly onChange: () => void
  private readonly onFailure: (error: unknown) => void
  private asked: Deferred<ClaimAnswer> | undefined = undefined
  private claimed: Claim | undefined = undefined
  /** Destinations that have more, as far as is known. */
  private more: ReadonlySet<string> = new Set()
  private isWoken = true
  private isPaused = false
  private hasFailed = false
  private pauseMs: number
  private timer: Timer | undefined = undefined

  constructor(
    ctx: Context,
    store: OutboxStore,
    limits: RelayLimits,
    strict: readonly string[],
    onChange: () => void,
    onFailure: (error: unknown) => void,
  ) {
    this.ctx = ctx
    this.store = store
    this.limits = limits
    this.strict = strict
    this.onChange = onChange
    this.onFailure = onFailure
    this.pauseMs = limits.pollMinMs
  }

  get isAsking(): boolean {
    return this.asked !== undefined
  }

  /** Something was committed. */
  wake(): void {
    this.isWoken = true
  }

  /** What came of the last claim, once. */
  take(): Claim | undefined {
    const { claimed } = this
    this.claimed = undefined
    return claimed
  }

  /** Claims, if it is time to and there is room. */
  step(lanes: Lanes): void {
    if (this.isAsking || this.claimed !== undefined || !this.isDue(lanes)) return
    // A handful is not worth a transaction: it waits until there is room for half of a batch.
    const total = lanes.room
    if (total * 2 < this.limits.batch) return
    const rooms: Record<string, number> = {}
    for (const { destination } of lanes.values()) rooms[destination] = lanes.roomOf(destination)
    this.ask(total, rooms)
  }

  close(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.asked?.cancel('the relay has ended')
  }

  private isDue(lanes: Lanes): boolean {
    if (!this.isPaused) return true
    if (this.hasFailed) return false
    if (this.isWoken) return true
    for (const destination of this.more) if (lanes.roomOf(destination) > 0) return true
    return false
  }

  private ask(total: number, rooms: Readonly<Record<string, number>>): void {
    const { ctx, limits, strict } = this
    const { clock } = ctx
    const askedMs = clock.nowMs()
    this.isWoken = false
    this.timer?.cancel()
    const own = ctx.withTimeout(limits.storeMs)
    const { leaseMs, attemptsMax, batch: room } = limits
    const request = { nowMs: clock.wallMs(), leaseMs, attemptsMax, total, room, rooms, strict }
    const asked = own.bind(calling(() => this.store.claim(own, request)))
    this.asked = asked
    asked.listen(
      (answer) => {
        if (this.asked !== asked) return
        this.asked = undefined
        this.claimed = { answer, askedMs }
        this.hasFailed = false
        // Where there was no room nothing was looked at.
        const unseen = Object.keys(rooms).filter((destination) => rooms[destination] === 0)
        this.more = new Set([...answer.more, ...unseen])
        this.pause(answer.messages.length > 0, answer.nextDueMs)
        this.onChange()
      },
      (error) => {
        if (this.asked !== asked) return
        this.asked = undefined
        this.hasFailed = true
        this.pause(false, undefined)
        this.onFailure(error)
        this.onChange()
      },
    )
  }

  /** @param nextDueMs - Unix time in milliseconds. */
  private pause(hasFound: boolean, nextDueMs: number | undefined): void {
    const { clock } = this.ctx
    const { pollMinMs, pollMaxMs } = this.limits
    if (hasFound) this.pauseMs = pollMinMs
    const untilDueMs =
      nextDueMs === undefined ? this.pauseMs : Math.max(pollMinMs, nextDueMs - clock.wallMs())
    this.isPaused = true
    this.timer = clock.schedule(clock.nowMs() + Math.min(this.pauseMs, untilDueMs), () => {
      this.isPaused = false
      this.onChange()
    })
    if (!hasFound) this.pauseMs = Math.min(pollMaxMs, this.pauseMs * 2)
  }
}
