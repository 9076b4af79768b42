/**
 * A hierarchical timing wheel (Varghese and Lauck, SOSP 1987, scheme 7) with exact order.
 *
 * A *tick* is a whole millisecond. Four levels of 256 slots read a tick as four digits of eight bits. A timer lies at
 * the level of the highest digit in which its tick differs from the wheel's, in the slot of its own digit there. So a
 * lower level holds only earlier timers than a higher one, and within a level the digits are in order of time.
 * When the wheel reaches a slot of a higher level, that slot's timers move down; each moves at most three times in its
 * life, and the many timers that are cancelled before (every timeout that is not met) never move.
 *
 * Slots give milliseconds, the promise is an exact order of fractional instants: what the wheel has reached goes to a
 * small heap, and only from there it fires.
 *
 * Invariants: every timer in a slot has a tick after `tick`, every timer in the heap one at or before it.
 * `tick` never passes the present, but may lag behind it: nothing depends on the wheel being turned regularly.
 */
import { LEVELS, SLOT_BITS, SLOT_BITS_LOG2, SLOTS_PER_LEVEL, SlotBits } from './slot-bits.ts'
import { TimerHeap } from './timer-heap.ts'
import { WheelTimer } from './wheel-timer.ts'

const DIGIT_MASK = SLOTS_PER_LEVEL - 1
const TOP_LEVEL = LEVELS - 1
const SPAN = 2 ** (LEVELS * SLOT_BITS)

function nothing(): void {}

/** The timer lets go of its action and its wheel, so that a handle that is kept costs only itself. */
function forget(timer: WheelTimer): void {
  timer.action = nothing
  timer.holder = undefined
  timer.slot = -1
  timer.next = timer
  timer.previous = timer
}

export class TimerWheel {
  /** Timers held. */
  size = 0

  /** The tick that the wheel has reached. */
  tick = 0

  /** Slots emptied so far, and timers moved out of them: what turning has cost, for tests and diagnostics. */
  slotsVisited = 0
  timersMoved = 0

  #sequence = 0
  readonly #onEmpty: () => void

  /** The first timer of each slot's circular list, in order of scheduling. */
  readonly #slots: (WheelTimer | undefined)[] = new Array(LEVELS * SLOTS_PER_LEVEL).fill(undefined)
  readonly #occupied = new SlotBits()
  readonly #reached = new TimerHeap()

  /** @param onEmpty - called whenever the last timer has left, by firing or by being cancelled. */
  constructor(onEmpty: () => void = nothing) {
    this.#onEmpty = onEmpty
  }

  /** @param atMs - finite, and less than 2^32 - 2^24 ms after `tick`: the caller checks it. */
  add(atMs: number, action: () => void): WheelTimer {
    const timer = new WheelTimer(this, atMs, this.#sequence++, action)
    this.size += 1
    this.#place(timer)
    return timer
  }

  /** Only for a timer whose `holder` is this wheel. */
  remove(timer: WheelTimer): void {
    if (timer.slot >= 0) this.#unlink(timer)
    else this.#reached.remove(timer)
    forget(timer)
    this.size -= 1
    if (this.size === 0) this.#onEmpty()
  }

  /** The first timer due at `nowMs`, still in the wheel, or undefined. Turns the wheel no further than it must. */
  dueBy(nowMs: number): WheelTimer | undefined {
    const nowTick = Math.floor(nowMs)
    for (;;) {
      const first = this.#reached.first
      if (first !== undefined) return first.atMs <= nowMs ? first : undefined
      if (!this.#step(nowTick)) return undefined
    }
  }

  /** Turns the wheel to `tick`, due or not. */
  turnTo(tick: number): void {
    while (this.#step(tick));
  }

  /** When to look again: the instant of the first timer, or up to a slot's width before it; Infinity if none waits. */
  nextWakeMs(): number {
    const first = this.#reached.first
    if (first !== undefined) return first.atMs
    const slot = this.#nextSlot()
    return slot === -1 ? Infinity : this.#startOf(slot)
  }

  /** The exact instant of the first timer; Infinity if none waits. It reads one slot, which may hold many timers. */
  earliestMs(): number {
    const reached = this.#reached.first
    if (reached !== undefined) return reached.atMs
    const slot = this.#nextSlot()
    const head = slot === -1 ? undefined : this.#slots[slot]
    if (head === undefined) return Infinity
    let earliestMs = head.atMs
    for (let timer = head.next; timer !== head; timer = timer.next) {
      if (timer.atMs < earliestMs) earliestMs = timer.atMs
    }
    return earliestMs
  }

  clear(): void {
    this.#reached.clear(forget)
    for (let slot = this.#nextSlot(); slot !== -1; slot = this.#nextSlot()) {
      for (let timer = this.#slots[slot]; timer !== undefined; timer = this.#slots[slot]) {
        this.#unlink(timer)
        forget(timer)
      }
    }
    this.size = 0
    this.#onEmpty()
  }

  /** Reaches the next occupied slot, if it starts at `untilTick` or before; else reaches `untilTick` and says no. */
  #step(untilTick: number): boolean {
    const slot = this.#nextSlot()
    const start = slot === -1 ? Infinity : this.#startOf(slot)
    if (start > untilTick) {
      if (untilTick > this.tick) this.tick = untilTick
      return false
    }
    this.tick = start
    this.#empty(slot)
    return true
  }

  /** Places the slot's timers anew, relative to the tick reached: in lower levels, or in the heap. */
  #empty(slot: number): void {
    const head = this.#slots[slot] as WheelTimer
    this.#slots[slot] = undefined
    this.#occupied.clear(slot)
    this.slotsVisited += 1
    let timer = head
    do {
      const next = timer.next
      this.#place(timer)
      this.timersMoved += 1
      timer = next
    } while (timer !== head)
  }

  #place(timer: WheelTimer): void {
    const tick = Math.floor(timer.atMs)
    if (tick <= this.tick) {
      timer.slot = -1
      timer.next = timer
      timer.previous = timer
      this.#reached.push(timer)
      return
    }
    // Bitwise operators take both ticks modulo 2^32, the span of the wheel, so an uptime beyond 2^32 ms needs no care.
    const level = (31 - Math.clz32(tick ^ this.tick)) >> SLOT_BITS_LOG2
    const slot = level * SLOTS_PER_LEVEL + ((tick >>> (level * SLOT_BITS)) & DIGIT_MASK)
    timer.slot = slot
    const head = this.#slots[slot]
    if (head === undefined) {
      timer.next = timer
      timer.previous = timer
      this.#slots[slot] = timer
      this.#occupied.set(slot)
    } else {
      const tail = head.previous
      timer.next = head
      timer.previous = tail
      tail.next = timer
      head.previous = timer
    }
  }

  #unlink(timer: WheelTimer): void {
    const slot = timer.slot
    const next = timer.next
    if (next === timer) {
      this.#slots[slot] = undefined
      this.#occupied.clear(slot)
      return
    }
    const previous = timer.previous
    previous.next = next
    next.previous = previous
    if (this.#slots[slot] === timer) this.#slots[slot] = next
  }

  /** The occupied slot whose timers come first, or -1. */
  #nextSlot(): number {
    for (let level = 0; level < LEVELS; level++) {
      const slot = this.#occupied.next(level, this.#digit(level) + 1)
      if (slot !== -1) return slot
    }
    // The top level is a circle: what comes after its last digit begins again at 0.
    return this.#occupied.next(TOP_LEVEL, 0)
  }

  /** The first tick of a slot that lies ahead. */
  #startOf(slot: number): number {
    const level = slot >> SLOT_BITS
    const digit = slot & DIGIT_MASK
    const width = 2 ** (level * SLOT_BITS)
    const roundStart = this.tick - (this.tick % (width * SLOTS_PER_LEVEL))
    const start = roundStart + digit * width
    return start > this.tick ? start : start + SPAN
  }

  #digit(level: number): number {
    return (this.tick >>> (level * SLOT_BITS)) & DIGIT_MASK
  }
}
