/**
 * What a thread notes in memory that it shares with home, so that it can be read while it does not answer, or is no more:
 * the messages that it begins with.
 */

/** Where the number stands of the message that is being handled, or was last. */
const PRESENT = 0
/** Where the highest number stands of those that were begun; what was postponed is begun again later. */
const LAST = 1

/** A note of its own, for one thread. */
export function createNote(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** The message is begun. Numbers go round at 2^31. */
export function noteBegun(note: Int32Array, id: number): void {
  Atomics.store(note, PRESENT, id)
  if (((id - Atomics.load(note, LAST)) | 0) > 0) Atomics.store(note, LAST, id)
}

/** @returns whether that message was begun, by a thread that begins new ones in their order. */
export function wasBegun(note: Int32Array, id: number): boolean {
  return ((Atomics.load(note, LAST) - id) | 0) >= 0
}

/** The message that is being handled, or was last. */
export function busyWith(note: Int32Array): number {
  return Atomics.load(note, PRESENT)
}
