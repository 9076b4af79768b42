/**
 * The messages that a relay has in its hands, a lane for each destination: from the claim until their outcome is written.
 *
 * Rules: what is in a lane is held, and counts against the bounds, until the database knows what became of it. A message that
 * is claimed again while it is held, since its lease ran out, is not taken a second time.
 */
import type { Claimed } from './message.ts'
import type { RelayLimits } from './relay-limits.ts'

/** A message that waits to be sent. */
export interface Held extends Claimed {
  /** Monotonic milliseconds: later than this its delivery might outlast its lease. */
  readonly sendByMs: number
}

export class Lane {
  readonly destination: string
  readonly isStrict: boolean
  /** In the order in which they are to be sent. */
  waiting: Held[] = []
  /** Under way. */
  sending = 0
  /** All of them, those included whose outcome is not written yet. */
  held = 0

  constructor(destination: string, isStrict: boolean) {
    this.destination = destination
    this.isStrict = isStrict
  }
}

export class Lanes {
  private readonly limits: RelayLimits
  private readonly strict: ReadonlySet<string>
  private readonly lanes = new Map<string, Lane>()
  /** Each message that is held, by its id. */
  private readonly laneOf = new Map<number, Lane>()

  constructor(limits: RelayLimits, strict: ReadonlySet<string>) {
    this.limits = limits
    this.strict = strict
  }

  get held(): number {
    return this.laneOf.size
  }

  get sending(): number {
    let sending = 0
    for (const lane of this.lanes.values()) sending += lane.sending
    return sending
  }

  values(): IterableIterator<Lane> {
    return this.lanes.values()
  }

  has(id: number): boolean {
    return this.laneOf.has(id)
  }

  add(message: Held): void {
    const { destination, id } = message
    let lane = this.lanes.get(destination)
    if (lane === undefined) {
      lane = new Lane(destination, this.strict.has(destination))
      this.lanes.set(destination, lane)
    }
    lane.held += 1
    lane.waiting.push(message)
    this.laneOf.set(id, lane)
  }

  /** The database knows what became of it. */
  drop(id: number): void {
    const lane = this.laneOf.get(id)
    if (lane === undefined) return
    this.laneOf.delete(id)
    lane.held -= 1
    // Destinations that nobody knows may come and go.
    if (lane.held === 0) this.lanes.delete(lane.destination)
  }

  /** How many more may be claimed in all. */
  get room(): number {
    return this.limits.heldMax - this.laneOf.size
  }

  /**
   * How many more of a destination may be claimed. None until half of those before are gone: a claim is a transaction, and one
   * for each message that leaves would be too many. None of a strict one while any is held: its order depends on them.
   */
  roomOf(destination: string): number {
    const lane = this.lanes.get(destination)
    const { batch } = this.limits
    if (lane === undefined) return batch
    return lane.isStrict || lane.held * 2 > batch ? 0 : batch - lane.held
  }

  /** The next one to send, if one may be sent now. */
  next(lane: Lane): Held | undefined {
    const concurrency = lane.isStrict ? 1 : this.limits.concurrency
    return lane.sending < concurrency ? lane.waiting.shift() : undefined
  }
}
