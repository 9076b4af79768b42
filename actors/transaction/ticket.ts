/** A transaction in the queue of its lane, or under way on a thread, in a group with others. */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { Linked } from '../stage/linked-list.ts'
import type { Access, Isolation } from './driver.ts'
import type { TransactionEvent } from './states.ts'

/** The lane that it is in. */
export interface TicketLane {
  /** Nobody wants it any more. @returns false where it is under way: then it is told to stop there. */
  withdraw(ticket: Ticket): boolean
}

/** The actor of a transaction, as its lane sees it. */
export interface Teller {
  /** It was handed to a thread, or waits again: nobody hears of that, so it is noted on the spot. */
  moved(type: 'began' | 'again'): void
  /** What it ends with. */
  send(event: TransactionEvent): void
  /** It is there for longer: from now on it listens to its request's context. */
  listen(): void
}

/** What is asked for. */
export type TicketJob = Pick<
  Ticket,
  'ctx' | 'name' | 'input' | 'access' | 'isolation' | 'timeoutMs' | 'traceparent' | 'values'
>

export class Ticket extends Linked {
  readonly lane: TicketLane
  readonly name: string
  readonly input: unknown
  readonly access: Access
  readonly isolation: Isolation
  readonly timeoutMs: number
  /** Of the request's context, what crosses with it. */
  readonly traceparent: string
  readonly values: Readonly<Record<string, string>> | undefined
  /** Of the request: its deadline bounds how long it may run. */
  readonly ctx: Context
  /** Its actor, which is told how it goes. */
  teller: Teller | undefined = undefined
  /** In the order of their coming. */
  place = 0
  /** How long it may wait is counted from here: anew where it was run, and undone through no fault of its own. */
  waitsSinceMs: number
  /** Times that it was handed to a thread. */
  attempt = 0
  /** It shares no group: others of its last one were at fault, or it was. */
  isAlone = false
  /** Another of its last group had failed, and with it all had to be undone. */
  wasSpoilt = false
  isQueued = false
  /** While it waits to be done again. */
  retry: Timer | undefined = undefined
  /** What its last attempt failed with. */
  lastError: unknown = undefined
  /** While it is under way, and where in it. */
  group: Group | undefined = undefined
  index = 0
  /** How it ends, once that is decided: whatever is asked of it then comes too late. */
  decided: TransactionEvent | undefined = undefined
  /** Its actor has told the outcome: it is not run again. */
  isOver = false
  /** Since when nobody wants it, while it runs. */
  stoppedAtMs: number | undefined = undefined

  constructor(lane: TicketLane, job: TicketJob, nowMs: number) {
    super()
    this.lane = lane
    this.ctx = job.ctx
    this.name = job.name
    this.input = job.input
    this.access = job.access
    this.isolation = job.isolation
    this.timeoutMs = job.timeoutMs
    this.traceparent = job.traceparent
    this.values = job.values
    this.waitsSinceMs = nowMs
  }
}

/** The thread that a group was handed to. */
export interface GroupThread {
  /** One of the group is to stop. */
  stopOne(group: Group, ticket: Ticket): void
  /** Whoever waits for it does not wait any more. @returns whether the group may yet be, or is, committed. */
  giveUp(group: Group): boolean
}

export class Group {
  readonly thread: GroupThread
  readonly slot: number
  readonly tickets: readonly Ticket[]
  readonly sentAtMs: number
  /** How many could have been in it. */
  readonly size: number
  question: Deferred<unknown> | undefined = undefined
  /** What was last seen of it on the board, and since when. */
  seen = -1
  seenSinceMs: number
  /** It was given up: index of the one that would not stop. */
  guilty: number | undefined = undefined

  constructor(thread: GroupThread, slot: number, tickets: readonly Ticket[], sentAtMs: number, size: number) {
    this.thread = thread
    this.slot = slot
    this.tickets = tickets
    this.sentAtMs = sentAtMs
    this.size = size
    this.seenSinceMs = sentAtMs
  }
}
