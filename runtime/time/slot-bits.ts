/**
 * Which slots of the wheel are occupied: one bit each, so that the next occupied slot of a level is found by looking at
 * a few words, however many ticks are empty before it.
 */
export const LEVELS = 4
export const SLOT_BITS_LOG2 = 3
export const SLOT_BITS = 1 << SLOT_BITS_LOG2
export const SLOTS_PER_LEVEL = 1 << SLOT_BITS

const WORD_BITS = 32
const WORDS_PER_LEVEL = SLOTS_PER_LEVEL / WORD_BITS

export class SlotBits {
  readonly #words = new Int32Array(LEVELS * WORDS_PER_LEVEL)

  // A shift uses the low five bits of its count, so `1 << slot` is the slot's bit within its word.

  set(slot: number): void {
    const word = slot >> 5
    this.#words[word] = (this.#words[word] as number) | (1 << slot)
  }

  clear(slot: number): void {
    const word = slot >> 5
    this.#words[word] = (this.#words[word] as number) & ~(1 << slot)
  }

  /** The first occupied slot of `level` whose digit is `fromDigit` (0 to 256) or more, or -1. */
  next(level: number, fromDigit: number): number {
    const from = level * SLOTS_PER_LEVEL + fromDigit
    const end = (level + 1) * WORDS_PER_LEVEL
    let word = from >> 5
    if (word >= end) return -1
    let bits = (this.#words[word] as number) & (-1 << from)
    while (bits === 0) {
      word += 1
      if (word === end) return -1
      bits = this.#words[word] as number
    }
    return word * WORD_BITS + (WORD_BITS - 1 - Math.clz32(bits & -bits))
  }
}
