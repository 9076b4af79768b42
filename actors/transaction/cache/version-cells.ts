/**
 * The cells that all threads of a database share: when each bucket of keys was last changed, and who is about to change it.
 *
 * Rules: an epoch is a 32-bit number that wraps, and is compared as such (RFC 1982): `isLater`. So that no two are compared that
 * lie half of the circle apart, all of a generation lie within a half: each `EPOCHS` a new generation begins, with every bucket
 * as if it were changed just then. Versions only go up. A writer alone counts in its own pending cells, so that what a lost one
 * has left behind can be taken away without a look at the others.
 */
import { impossible } from '../errors.ts'

/** Keys share a bucket, and its changes, with about `keys / BUCKETS` others. A power of two; 8 bytes each with one writer. */
export const BUCKETS = 4_096
/** After so many changes a new generation begins. */
const EPOCHS = 2 ** 30

const EPOCH = 0
// A line of its own (16 cells of 4 bytes): every lookup reads it, and every commit writes the epoch.
const GENERATION = 16
const SUSPENDED = 17
const BUCKET_COUNT = 18
const WRITER_COUNT = 19
/** Of each writer one: how often it was lost. The buckets follow. */
const LIVES = 32

/** Stands for the generation while caches are suspended: no entry is of it. */
const NO_GENERATION = -1

/** Taken before a snapshot. Later changes are not in what is read there, as far as anybody knows. */
export interface Stamp {
  readonly epoch: number
  readonly generation: number
}

export interface VersionsPlan {
  /** Default `BUCKETS`. More make fewer keys share one. */
  readonly buckets?: number
  /** Threads that commit. Default 1. */
  readonly writers?: number
  /** Where counting begins: for tests of what happens when it goes round. */
  readonly epoch?: number
}

export class VersionCells {
  readonly memory: SharedArrayBuffer
  readonly writers: number
  private readonly cells: Int32Array
  private readonly mask: number
  private readonly stride: number
  private readonly first: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.cells = new Int32Array(memory)
    this.mask = (this.cells[BUCKET_COUNT] as number) - 1
    this.writers = this.cells[WRITER_COUNT] as number
    this.stride = 1 + this.writers
    this.first = LIVES + this.writers
  }

  static allocate({ buckets = BUCKETS, writers = 1, epoch = 0 }: VersionsPlan = {}): SharedArrayBuffer {
    if ((buckets & (buckets - 1)) !== 0) throw impossible(`buckets are a power of two, not ${buckets}`)
    const first = LIVES + writers
    const size = first + buckets * (1 + writers)
    const memory = new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT)
    const cells = new Int32Array(memory)
    cells[EPOCH] = epoch
    cells[BUCKET_COUNT] = buckets
    cells[WRITER_COUNT] = writers
    for (let bucket = first; bucket < size; bucket += 1 + writers) cells[bucket] = epoch
    return memory
  }

  // ── Buckets: known by the place of their version; the pending cells of the writers follow it ───────────────────

  /** FNV-1a over the UTF-16 units of the key. */
  bucketOf(key: string): number {
    let hash = 0x811c9dc5
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    return this.first + ((hash ^ (hash >>> 15)) & this.mask) * this.stride
  }

  *buckets(): Generator<number> {
    for (let bucket = this.first; bucket < this.cells.length; bucket += this.stride) yield bucket
  }

  version(bucket: number): number {
    return Atomics.load(this.cells, bucket)
  }

  /** Nobody is about to change it. */
  isQuiet(bucket: number): boolean {
    for (let cell = bucket + 1; cell <= bucket + this.writers; cell++)
      if (Atomics.load(this.cells, cell) !== 0) return false
    return true
  }

  addPending(bucket: number, writer: number, count: 1 | -1): void {
    Atomics.add(this.cells, bucket + 1 + writer, count)
  }

  /**
   * It was changed, and is of `epoch` now; where others were faster with a later one, of one that is later still: its version
   * always goes up, so that nobody's stamp hides somebody else's change.
   *
   * @returns its version before; undefined where others were faster.
   */
  change(bucket: number, epoch: number): number | undefined {
    const before = Atomics.load(this.cells, bucket)
    if (isLater(epoch, before) && Atomics.compareExchange(this.cells, bucket, before, epoch) === before)
      return before
    for (;;) {
      const other = Atomics.load(this.cells, bucket)
      const later = isLater(epoch, other) ? epoch : this.nextEpoch()
      if (isLater(later, other) && Atomics.compareExchange(this.cells, bucket, other, later) === other)
        return undefined
    }
  }

  /** What a writer has counted in another life is no longer there. */
  life(writer: number): number {
    return Atomics.load(this.cells, LIVES + writer)
  }

  /** A writer is no more: neither are its commits under way. */
  forget(writer: number): void {
    Atomics.add(this.cells, LIVES + writer, 1)
    for (const bucket of this.buckets()) Atomics.store(this.cells, bucket + 1 + writer, 0)
  }

  // ── Of all ─────────────────────────────────────────────────────────────────────────────────────────────────────

  get epoch(): number {
    return Atomics.load(this.cells, EPOCH)
  }

  /** One later than all before. */
  nextEpoch(): number {
    const epoch = (Atomics.add(this.cells, EPOCH, 1) + 1) | 0
    // One caller alone gets this number.
    if ((epoch & (EPOCHS - 1)) === 0) {
      this.nextGeneration()
      for (const bucket of this.buckets()) this.change(bucket, epoch)
    }
    return epoch
  }

  get generation(): number {
    return Atomics.load(this.cells, GENERATION)
  }

  /** The generation that what is read from now on belongs to; one that never is, while suspended. */
  get generationToJoin(): number {
    // In this order: `suspend` turns the generation last. So one that is found before it is out of date after it, and one that
    // is found after it finds this cell set until `resume`.
    const generation = Atomics.load(this.cells, GENERATION)
    return Atomics.load(this.cells, SUSPENDED) === 0 ? generation : NO_GENERATION
  }

  /** Every entry there is, and every one that is being made, is out of date. */
  nextGeneration(): void {
    Atomics.add(this.cells, GENERATION, 1)
  }

  get suspended(): number {
    return Atomics.load(this.cells, SUSPENDED)
  }

  addSuspended(count: 1 | -1): void {
    Atomics.add(this.cells, SUSPENDED, count)
  }
}

/** Of two epochs that are less than half of the circle apart. */
export function isLater(epoch: number, than: number): boolean {
  return ((epoch - than) | 0) > 0
}
