/**
 * What a thread notes in memory that it shares with home, so that it can be read while it does not answer, or is no more:
 * what it has begun, what it is at, and how much it has heard.
 *
 * Rules: each message is either begun by the thread or home's to give to another life, never both. So home seals the note
 * before it takes back what was not begun, and the thread begins nothing that it cannot note.
 */

/** Where the highest number stands of the messages that were begun. What was postponed is begun again later. */
const LAST = 0
/** Where the number stands of the message whose handler is on the stack; 0: none. */
const PRESENT = 1
/** Where it stands how many batches the thread has taken in; goes round at 2^31. */
const HEARD = 2

/** Stands for `LAST` when home has sealed it. No message has this number, nor 0. */
const SEALED = -(2 ** 31)

/** The number after `id`, of a message. Numbers go round at 2^31. */
export function nextId(id: number): number {
  const next = (id + 1) | 0
  return next === SEALED || next === 0 ? (next + 1) | 0 : next
}

export class BegunNote {
  /** To be shared. */
  readonly cells: Int32Array<SharedArrayBuffer>
  /** `LAST`, when home sealed it. */
  private sealedAt: number | undefined = undefined

  constructor(cells = new Int32Array(new SharedArrayBuffer(12))) {
    this.cells = cells
  }

  // ── For the thread ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A message is to be handled. @returns false where home has taken it back. */
  begin(id: number): boolean {
    const { cells } = this
    const last = Atomics.load(cells, LAST)
    if (last === SEALED) return false
    const isNew = ((id - last) | 0) > 0
    if (isNew && Atomics.compareExchange(cells, LAST, last, id) !== last) return false
    Atomics.store(cells, PRESENT, id)
    return true
  }

  /** Its handler has returned. */
  end(): void {
    Atomics.store(this.cells, PRESENT, 0)
  }

  hear(batches: number): void {
    Atomics.add(this.cells, HEARD, batches)
  }

  // ── For home ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The thread begins nothing more. */
  seal(): void {
    this.sealedAt ??= Atomics.exchange(this.cells, LAST, SEALED)
  }

  get last(): number {
    return this.sealedAt ?? Atomics.load(this.cells, LAST)
  }

  /** Whether that message was begun, by a thread that begins new ones in their order. */
  wasBegun(id: number): boolean {
    return ((this.last - id) | 0) >= 0
  }

  /** The message whose handler is on the stack there; 0: none. */
  get present(): number {
    return Atomics.load(this.cells, PRESENT)
  }

  /** Batches that the thread has taken in. */
  get heard(): number {
    return Atomics.load(this.cells, HEARD)
  }
}
