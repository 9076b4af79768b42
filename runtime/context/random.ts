/**
 * Randomness as a value in the context: the operating system's in production, seeded in tests and simulations, where
 * the same seed gives the same trace ids, the same jitter and the same faults.
 */
import { randomFillSync } from 'node:crypto'

export interface Random {
  /** An integer of 32 bits, 0 to 2^32 - 1. */
  nextUint32(): number
}

/** How many integers are drawn from the operating system at once: one call costs as much as thousands of bytes. */
const POOL_SIZE = 4_096

/** Unpredictable numbers from the operating system's generator. */
export function createRandom(): Random {
  const pool = new Uint32Array(POOL_SIZE)
  let next = POOL_SIZE
  return {
    nextUint32() {
      if (next === POOL_SIZE) {
        randomFillSync(pool)
        next = 0
      }
      return pool[next++] as number
    },
  }
}

/** Repeatable numbers: SplitMix32 (after Steele, Lea and Flood 2014). Never for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    nextUint32() {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = state
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return (mixed ^ (mixed >>> 15)) >>> 0
    },
  }
}

/** A number from 0 (included) to 1 (excluded), with 32 bits of randomness. */
export function nextFraction(random: Random): number {
  return random.nextUint32() / 0x1_0000_0000
}

/** Where bytes become text: a trace id for every request is worth it. */
const scratch = Buffer.alloc(16)

/** `bytes` bytes as lower-case hexadecimal, never all zero: W3C trace ids must not be. */
export function nextHex(random: Random, bytes: 4 | 8 | 12 | 16): string {
  let isZero = true
  for (let i = 0; i < bytes; i += 4) {
    const word = random.nextUint32()
    if (word !== 0) isZero = false
    scratch[i] = word >>> 24
    scratch[i + 1] = word >>> 16
    scratch[i + 2] = word >>> 8
    scratch[i + 3] = word
  }
  if (isZero) scratch[bytes - 1] = 1
  return scratch.toString('hex', 0, bytes)
}
