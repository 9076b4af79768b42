/**
 * What home and a database thread tell each other while the thread is busy: a few cells of shared memory for each group of
 * transactions that is under way. A thread that runs a synchronous driver hears nothing else until it is done.
 *
 *     RUNNING ──▶ COMMITTING ──▶ COMMITTED | IN_DOUBT by the thread
 *        ├──▶ IDLE                                  by the thread, where it was rolled back
 *        └──▶ ABANDONED ──▶ IDLE                    by home; and by the thread, when it is done with it
 *
 * Both ways out of RUNNING are taken by compare and exchange. So a group that home has given up is never committed after all,
 * and of one that the thread has begun to commit home knows that it has to wait.
 */
import { GROUP_MAX } from './limits.ts'

export const IDLE = 0
export const RUNNING = 1
export const COMMITTING = 2
export const COMMITTED = 3
export const ABANDONED = 4
/** COMMIT has failed, and nobody knows whether it has happened. */
export const IN_DOUBT = 5

const PHASE = 0
/** Which of the group is being run, counted from 1; 0 before the first. */
const CURRENT = 1
/** From here on one cell for each of the group: why it is to stop. */
const STOPS = 2

/** Why one transaction of a group is to stop. */
export const GO_ON = 0
export const CANCELLED = 1

export class Board {
  readonly memory: SharedArrayBuffer
  private readonly cells: Int32Array
  private readonly stride: number

  /** @param groups - that may be under way at once; each has a slot, counted from 0. */
  constructor(memory: SharedArrayBuffer, groups: number) {
    this.memory = memory
    this.cells = new Int32Array(memory)
    this.stride = this.cells.length / groups
  }

  /** @param size - of the largest group; at most `GROUP_MAX`. */
  static create(groups: number, size = GROUP_MAX): Board {
    return new Board(new SharedArrayBuffer(groups * (STOPS + size) * Int32Array.BYTES_PER_ELEMENT), groups)
  }

  // ── Home ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A group is about to be sent. */
  prepare(slot: number, size: number): void {
    const at = slot * this.stride
    this.cells.fill(GO_ON, at + STOPS, at + STOPS + size)
    Atomics.store(this.cells, at + CURRENT, 0)
    Atomics.store(this.cells, at + PHASE, RUNNING)
  }

  phase(slot: number): number {
    return Atomics.load(this.cells, slot * this.stride + PHASE)
  }

  /** Index in the group of the one that is being run; -1 before the first. */
  current(slot: number): number {
    return Atomics.load(this.cells, slot * this.stride + CURRENT) - 1
  }

  /** One of the group is to stop. */
  stop(slot: number, index: number): void {
    Atomics.store(this.cells, slot * this.stride + STOPS + index, CANCELLED)
  }

  /** Gives the group up, unless it is being committed. @returns whether it is given up, and so is never committed. */
  abandon(slot: number): boolean {
    return this.exchange(slot, RUNNING, ABANDONED)
  }

  /** Nobody is at work on it, as home knows. */
  free(slot: number): void {
    Atomics.store(this.cells, slot * this.stride + PHASE, IDLE)
  }

  // ── The thread ─────────────────────────────────────────────────────────────────────────────────────────────────

  begin(slot: number, index: number): void {
    Atomics.store(this.cells, slot * this.stride + CURRENT, index + 1)
  }

  isStopped(slot: number, index: number): boolean {
    return Atomics.load(this.cells, slot * this.stride + STOPS + index) !== GO_ON
  }

  /** COMMIT is next. @returns false where home has given the group up: it must be rolled back. */
  committing(slot: number): boolean {
    return this.exchange(slot, RUNNING, COMMITTING)
  }

  committed(slot: number): void {
    Atomics.store(this.cells, slot * this.stride + PHASE, COMMITTED)
  }

  /** The thread is done with it, and has not committed it, as far as it knows. What it has committed home frees itself. */
  ended(slot: number, isInDoubt: boolean): void {
    const isDone = this.exchange(slot, RUNNING, IDLE) || this.exchange(slot, ABANDONED, IDLE)
    if (!isDone) this.exchange(slot, COMMITTING, isInDoubt ? IN_DOUBT : IDLE)
  }

  private exchange(slot: number, from: number, to: number): boolean {
    const at = slot * this.stride + PHASE
    return Atomics.compareExchange(this.cells, at, from, to) === from
  }
}
