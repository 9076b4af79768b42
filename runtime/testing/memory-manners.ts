/**
 * How the memory network treats what is sent over it: cut where the test says, late by the clock, and, drawn from a
 * seeded source, as badly as a real network might.
 */
import { nextFraction, type Random } from '../context/random.ts'
import { UsageError } from '../errors.ts'
import type { WireManners } from './memory-wire.ts'

/** Faults drawn at random, for both directions. The same seed gives the same ones. */
export interface MemoryFaults {
  /** Bytes travel in pieces of 1 to this many. Default: as they were written. */
  readonly pieceBytesMax?: number
  /** Each piece takes 0 to this many milliseconds more. Order is kept. Default 0. */
  readonly jitterMsMax?: number
  /** How probable it is, 0 to 1, that a piece never arrives and the connection is reset in its place. Default 0. */
  readonly resetChance?: number
}

/** What the client sends is cut into pieces that arrive one by one, each a transfer of its own. */
export interface CutOptions {
  /** Largest piece, in bytes; 1 brings every byte by itself. Default 65,536: what Node reads at once. */
  readonly pieceBytes?: number
  /** Offsets in the stream of all that the client sends, ascending, at which one piece ends and the next begins. */
  readonly cutAt?: readonly number[]
}

/** The size of libuv's buffer for one read. */
const READ_BYTES = 65_536

export interface MannersOptions extends CutOptions {
  /** Milliseconds that everything takes in each direction. */
  readonly latencyMs: number
  readonly faults: MemoryFaults
  readonly random: Random | undefined
}

/** @throws UsageError (`NETWORK_BAD_OPTION`) for a value that makes no sense, or faults without a source of randomness. */
export function createManners(options: MannersOptions): WireManners {
  const { latencyMs, pieceBytes = READ_BYTES, cutAt = [], faults, random } = options
  const { pieceBytesMax = Infinity, jitterMsMax = 0, resetChance = 0 } = faults
  check(latencyMs >= 0 && latencyMs < Infinity, 'latencyMs', '0 or more milliseconds', latencyMs)
  check(pieceBytes >= 1, 'pieceBytes', '1 or more', pieceBytes)
  check(pieceBytesMax >= 1, 'pieceBytesMax', '1 or more', pieceBytesMax)
  check(jitterMsMax >= 0 && jitterMsMax < Infinity, 'jitterMsMax', '0 or more milliseconds', jitterMsMax)
  check(resetChance >= 0 && resetChance <= 1, 'resetChance', '0 to 1', resetChance)
  check(
    cutAt.every((at, i) => at > (cutAt[i - 1] ?? -1)),
    'cutAt',
    'ascending offsets',
    cutAt,
  )
  const isRandom = pieceBytesMax !== Infinity || jitterMsMax > 0 || resetChance > 0
  check(!isRandom || random !== undefined, 'random', 'a seeded source, since there are faults', random)
  const draw = () => (random === undefined ? 0 : nextFraction(random))
  let nextCut = 0
  return {
    pieceBytes(bytes, sentBytes) {
      while ((cutAt[nextCut] ?? Infinity) <= sentBytes) nextCut += 1
      const untilCut = (cutAt[nextCut] ?? Infinity) - sentBytes
      const drawn = pieceBytesMax === Infinity ? Infinity : 1 + Math.floor(draw() * pieceBytesMax)
      return Math.min(bytes, pieceBytes, untilCut, drawn)
    },
    delayMs: () => (jitterMsMax === 0 ? latencyMs : latencyMs + draw() * jitterMsMax),
    breaks: () => resetChance > 0 && draw() < resetChance,
  }
}

function check(isGood: boolean, name: string, expected: string, given: unknown): void {
  if (!isGood) {
    throw new UsageError(
      'NETWORK_BAD_OPTION',
      `memory network: ${name} must be ${expected}, ${String(given)} given`,
    )
  }
}
