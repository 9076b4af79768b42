/**
 * A timer as the wheel and the heap hold it: an intrusive node, so that scheduling allocates one object and cancelling
 * searches nothing.
 *
 * Rule: only `timer-wheel.ts` and `timer-heap.ts` write the fields, apart from the constructor.
 */
import type { Timer } from './clock.ts'

/** What a timer asks to forget it: the wheel, named by its one verb so that these files import in one direction. */
export interface TimerHolder {
  remove(timer: WheelTimer): void
}

export class WheelTimer implements Timer {
  readonly atMs: number

  /** Order of scheduling: decides between equal instants. */
  readonly sequence: number

  action: () => void

  /** The wheel that holds this timer; undefined from the moment it fires or is cancelled. */
  holder: TimerHolder | undefined

  /** The wheel's slot, or -1 while in the heap or nowhere. */
  slot: number

  /** The position in the heap; means nothing elsewhere. */
  heapIndex: number

  // Neighbours in the slot's circular list. A timer in no list is its own neighbour, so that a handle which somebody
  // keeps does not keep other timers in memory.
  next: WheelTimer
  previous: WheelTimer

  constructor(holder: TimerHolder, atMs: number, sequence: number, action: () => void) {
    this.atMs = atMs
    this.sequence = sequence
    this.action = action
    this.holder = holder
    this.slot = -1
    this.heapIndex = -1
    this.next = this
    this.previous = this
  }

  cancel(): void {
    this.holder?.remove(this)
  }
}

export function isBefore(a: WheelTimer, b: WheelTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}
