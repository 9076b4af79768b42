/** A mailbox as three arrays, by the law alone: whatever is waiting is found by looking through them. */
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Envelope } from '../../../runtime/mailbox/envelope.ts'
import type { Overflow } from '../../../runtime/mailbox/mailbox.ts'
import type { DeadReason, Offer } from '../../../runtime/mailbox/refusal.ts'

export interface Item {
  readonly number: number
  readonly envelope: Envelope
  readonly deadlineMs: number
  readonly reply: Deferred<unknown> | undefined
  readonly cancel: () => boolean
  isUnwanted: boolean
  /** The level that it waits in. */
  level: number
  /** Since when it is known to wait. */
  sinceMs: number | undefined
}

export class Model {
  /** As they came. */
  readonly lane: Item[] = []
  readonly givenBack: Item[] = []
  readonly control: Item[] = []
  readonly dead: [item: Item, reason: DeadReason][] = []
  readonly capacity: number
  readonly overflow: Overflow
  readonly priorities: readonly (readonly string[])[]
  isOpen = true

  constructor(capacity: number, overflow: Overflow, priorities: readonly (readonly string[])[] = []) {
    this.capacity = capacity
    this.overflow = overflow
    this.priorities = priorities
  }

  get size(): number {
    return this.control.length + this.givenBack.length + this.lane.length
  }

  get oldestSinceMs(): number | undefined {
    const known = [...this.givenBack, ...this.lane].flatMap(({ sinceMs }) => sinceMs ?? [])
    return known.length === 0 ? undefined : Math.min(...known)
  }

  offer(item: Item, nowMs: number): Offer {
    const refusal = !this.isOpen ? 'closed' : isStale(item, nowMs) ? 'expired' : undefined
    if (refusal !== undefined) return this.tell(item, refusal)
    if (this.lane.length < this.capacity) this.join(item)
    else if (this.overflow === 'refuse') return this.tell(item, 'full')
    else if (this.overflow === 'drop-newest') this.tell(item, 'dropped')
    else this.displace(item)
    return 'accepted'
  }

  offerControl(item: Item): Offer {
    if (!this.isOpen) return this.tell(item, 'closed')
    this.control.push(item)
    return 'accepted'
  }

  giveBack(items: readonly Item[]): void {
    const sinceMs = this.givenBack[0]?.sinceMs
    for (const item of items) item.sinceMs = sinceMs
    if (this.isOpen) this.givenBack.unshift(...items)
    else for (const item of items) this.tell(item, 'closed')
  }

  take(nowMs: number): Item | undefined {
    for (;;) {
      const { lane, givenBack, control } = this
      if (control.length > 0) return control.shift()
      const urgent = Math.min(...lane.map(({ level }) => level))
      const item = givenBack.shift() ?? without(lane, ({ level }) => level === urgent)
      if (item === undefined || !isStale(item, nowMs)) return item
      this.tell(item, 'expired')
    }
  }

  /** @returns what is seen for the first time. */
  note(nowMs: number): Item[] {
    const isNew = (item: Item) => item.sinceMs === undefined
    const shown = this.lane.filter(isNew)
    for (const item of [...shown, ...this.givenBack.filter(isNew)]) item.sinceMs = nowMs
    return shown
  }

  withdraw(item: Item): boolean {
    const isIt = (other: Item) => other === item
    return (without(this.givenBack, isIt) ?? without(this.lane, isIt)) !== undefined
  }

  close(): void {
    this.isOpen = false
    const laneByUrgency = this.lane.splice(0).sort((a, b) => a.level - b.level)
    for (const item of [...this.control.splice(0), ...this.givenBack.splice(0), ...laneByUrgency]) {
      this.tell(item, 'closed')
    }
  }

  private join(item: Item): void {
    item.level = this.levelFor(item)
    item.sinceMs = undefined
    this.lane.push(item)
  }

  private displace(item: Item): void {
    const lowest = Math.max(...this.lane.map(({ level }) => level))
    if (this.levelFor(item) > lowest) return void this.tell(item, 'dropped')
    this.tell(without(this.lane, ({ level }) => level === lowest) as Item, 'dropped')
    this.join(item)
  }

  private levelFor({ envelope: { event, sender } }: Item): number {
    const listed = this.priorities.findIndex((types) => types.includes(event.type))
    const own = listed < 0 ? this.priorities.length : listed
    const earlier = this.lane.filter((other) => sender !== undefined && other.envelope.sender === sender)
    return Math.max(own, ...earlier.map(({ level }) => level))
  }

  private tell<R extends DeadReason>(item: Item, reason: R): R {
    this.dead.push([item, reason])
    return reason
  }
}

/** Takes out the first that is meant. */
function without(items: Item[], isMeant: (item: Item) => boolean): Item | undefined {
  const at = items.findIndex(isMeant)
  return at < 0 ? undefined : items.splice(at, 1)[0]
}

function isStale(item: Item, nowMs: number): boolean {
  return item.isUnwanted || item.deadlineMs <= nowMs
}
