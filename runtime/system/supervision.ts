/**
 * What a supervisor does about an end among its children: which of them are taken down and started again, in which
 * order, how soon, and when it gives up. It says nothing about what the children are (`supervisor.ts`).
 *
 * Theory of operation. `one_for_one` restarts each child by itself, each with a backoff of its own. The other two
 * strategies have a group, at most one at a time: the child that failed with all the others (`one_for_all`) or with those
 * started after it (`rest_for_one`). Its members go down one after the other, the youngest first, each within its
 * `shutdownMs`; when all are down and the delay is over they are started, the eldest first. A failure of another child
 * meanwhile widens the group, and it begins anew; one of a member that was to go down anyway is no restart of its own.
 *
 * Rules: no more than `intensity` restarts within `periodMs`, over all children together; a group's restart is one.
 * One more, and the supervisor fails, once the child has ended: then its own overseer decides. A bug of ours
 * (`InvariantError`) is never restarted away: the supervisor fails with it. What has ended for good, by itself or because
 * somebody stopped it, is not brought back by a sibling's failure.
 *
 * Source: Erlang/OTP, supervisor(3), "Supervision Principles".
 */
import type { Timer } from '../time/clock.ts'
import { RestartIntensityError } from './errors.ts'
import type { Host } from './logic.ts'
import { isBug, type Overseen, type Overseer, wantsRestart } from './overseer.ts'
import type { EndReason } from './ref.ts'
import { type RestartBounds, Restarts } from './restarts.ts'

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'

export class Supervision implements Overseer {
  private readonly host: Host
  private readonly strategy: Strategy
  private readonly bounds: RestartBounds
  private readonly restarts: Restarts
  private readonly onEnded: (actor: Overseen, reason: EndReason) => void
  /** Those that are to begin anew together, the eldest first. */
  private group: readonly Overseen[] | undefined = undefined
  private members: ReadonlySet<Overseen> | undefined = undefined
  /** All of the group are down and it is time: they are being started. */
  private isStarting = false
  private isAdvancing = false
  private timer: Timer | undefined = undefined
  /** What it fails with as soon as its child is gone. */
  private failure: { readonly error: unknown } | undefined = undefined

  /** @param onEnded - told of each child that is no more. */
  constructor(
    host: Host,
    strategy: Strategy,
    bounds: RestartBounds,
    onEnded: (actor: Overseen, reason: EndReason) => void,
  ) {
    this.host = host
    this.strategy = strategy
    this.bounds = bounds
    this.restarts = new Restarts(bounds)
    this.onEnded = onEnded
  }

  decide(actor: Overseen, reason: EndReason): 'restart' | EndReason {
    // Who starts a child for the first time is told at once if that fails.
    if (this.failure !== undefined || !actor.hasRun) return reason
    if (!wantsRestart(actor.settings, reason)) {
      if (reason.kind === 'failed' && isBug(reason.error)) this.failure = reason
      return reason
    }
    // It is about to go down with the group anyway: one cause is one restart.
    if (!this.isStarting && this.members?.has(actor)) return 'restart'
    if (!this.restarts.isAllowed(actor.clock.nowMs())) {
      this.failure = { error: new RestartIntensityError(this.host.ref.path, this.bounds, reason) }
      return reason
    }
    if (this.strategy !== 'one_for_one') this.widen(actor)
    return 'restart'
  }

  isDown(actor: Overseen): void {
    if (this.strategy === 'one_for_one') {
      actor.startAfter(actor.restarts.delayMs(actor.clock.nowMs(), actor.random))
    } else {
      this.advance()
    }
  }

  hasEnded(actor: Overseen, reason: EndReason): void {
    this.onEnded(actor, reason)
    if (this.failure !== undefined) this.host.resumeLater()
    else this.advance()
  }

  /** Goes on, in a step of the supervisor's own. @throws what it gives up with. */
  resume(): void {
    if (this.failure !== undefined) throw this.failure.error
    this.advance()
  }

  release(): void {
    this.timer?.cancel()
    this.group = undefined
    this.members = undefined
  }

  /** `actor`, and what its restart takes along, become the group together with those that are in one already. */
  private widen(actor: Overseen): void {
    const waiting = new Set(this.group?.filter((member) => !this.isStarting || !isWaitedFor(member)))
    const isFirst = (member: Overseen) =>
      this.strategy === 'one_for_all' || member === actor || waiting.has(member)
    const group: Overseen[] = []
    for (let member = this.host.eldest; member !== undefined; member = member.nextYounger) {
      if (group.length > 0 || isFirst(member)) group.push(member)
    }
    this.group = group
    this.members = new Set(group)
    this.isStarting = false
    this.timer?.cancel()
    this.timer = undefined
  }

  private advance(): void {
    // Members that go down or end within this call are seen by its loops.
    if (this.isAdvancing) return
    this.isAdvancing = true
    if (this.isGroupDown() && this.isDue()) this.startGroup()
    this.isAdvancing = false
  }

  /** Takes the next ones down. @returns whether all are. */
  private isGroupDown(): boolean {
    const { group } = this
    if (group === undefined) return false
    for (let index = group.length - 1; index >= 0 && !this.isStarting; index--) {
      const member = group[index] as Overseen
      if (!isWaitedFor(member)) continue
      member.stopToRestart(REGROUPED)
      if (isWaitedFor(member)) return false
    }
    // The walk that took the last one down may have ended the supervisor, and this with it.
    return this.group !== undefined
  }

  private isDue(): boolean {
    if (this.timer !== undefined) return false
    if (this.isStarting) return true
    const { clock, random } = this.host.ownContext
    const delayMs = this.restarts.delayMs(clock.nowMs(), random)
    if (delayMs === 0) {
      this.isStarting = true
      return true
    }
    this.timer = clock.schedule(clock.nowMs() + delayMs, () => {
      this.timer = undefined
      this.isStarting = true
      this.host.resumeLater()
    })
    return false
  }

  private startGroup(): void {
    for (const member of this.group ?? []) {
      if (member.isDown) member.startNow()
      // It failed over its start: that has been decided upon, and the group begins anew, or the supervisor has given up.
      if (!this.isStarting || this.failure !== undefined) return
    }
    this.group = undefined
    this.members = undefined
    this.isStarting = false
    this.restarts.started(this.host.ownContext.clock.nowMs())
  }
}

const REGROUPED: EndReason = { kind: 'stopped', reason: 'restarted with a sibling that failed' }

function isWaitedFor({ isAlive, isDown }: Overseen): boolean {
  return isAlive && !isDown
}
