/**
 * Says whether what a cache holds is still what the database holds. Shared by home and all threads of a database; nobody has to
 * be told of a change, and nobody waits.
 *
 * Theory of operation. A key stands for its bucket. Each bucket has a version, the epoch of its last change, and a count of
 * COMMITs under way that change it. What is cached has a stamp: the epoch before the snapshot was taken that it was read in.
 *
 * Rules. A change: pending + 1; COMMIT; version = ++epoch, if it may have been committed; pending - 1; and only then is anybody
 * told. Who looks: quiet?, version?, generation?, in this order.
 *
 * Why that is right. Let a value be read in a snapshot S, with stamp s, and let it be looked at when a bucket is quiet, at Q.
 * Take any COMMIT of the bucket that became visible before Q. It is no longer pending, so its version is written, and is seen.
 * If it came after S, it took its number after s was read, so it is later than s, and the value is refused. So a value that is
 * not refused is what the database held at Q: it is older than nothing that anybody can have seen by then. For a reader with a
 * snapshot R of its own, taken before Q, with stamp r, the same holds from the earlier of S and R on, if the version is not
 * later than the earlier of s and r: no change lies between S and R, whichever was first, and the value is what R would read.
 *
 * The snapshot must be there: a transaction that has only said BEGIN has none (SQLite and PostgreSQL take it for the first
 * statement), and a change between Q and R would not be seen. `CacheSession` sees to that.
 *
 * Sources: memcached's leases (Nishtala et al., NSDI 2013, section 3.2.1), sequence locks, TL2's version clock (Dice et al., 2006).
 */
import { impossible } from '../errors.ts'
import { Changing } from './changing.ts'
import { isLater, type Stamp, VersionCells, type VersionsPlan } from './version-cells.ts'

const NO_WRITER = -1

export class Versions {
  private readonly cells: VersionCells
  private readonly writer: number

  /** @param writer - which of the threads that commit this is, from 0; others leave it out. */
  constructor(memory: SharedArrayBuffer, writer = NO_WRITER) {
    this.cells = new VersionCells(memory)
    this.writer = writer
    if (writer >= this.cells.writers)
      throw impossible(`versions have ${this.cells.writers} writers, and no number ${writer}`)
  }

  static create(plan: VersionsPlan = {}): Versions {
    return new Versions(VersionCells.allocate(plan))
  }

  /** To be given to other threads. */
  get memory(): SharedArrayBuffer {
    return this.cells.memory
  }

  /** Kept by those who look often. */
  bucketOf(key: string): number {
    return this.cells.bucketOf(key)
  }

  /** To be called before a snapshot is taken. */
  now(): Stamp {
    const generation = this.cells.generationToJoin
    return { epoch: this.cells.epoch, generation }
  }

  /** Whether what was read under `stamp` is what the database holds at this moment. */
  isCurrent(bucket: number, stamp: Stamp): boolean {
    const { cells } = this
    return (
      cells.isQuiet(bucket) &&
      !isLater(cells.version(bucket), stamp.epoch) &&
      cells.generation === stamp.generation
    )
  }

  /** Whether it is what a transaction reads whose own stamp is `reader`, and whose snapshot is taken. */
  isReadBy(reader: Stamp, bucket: number, stamp: Stamp): boolean {
    if (reader.generation !== stamp.generation) return false
    return this.isCurrent(bucket, isLater(stamp.epoch, reader.epoch) ? reader : stamp)
  }

  // ── Changes ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** COMMIT is next, and changes these keys. @param keys - undefined for all. */
  changing(keys: Iterable<string> | undefined): Changing {
    const { cells, writer } = this
    if (writer === NO_WRITER) throw impossible('a thread that is no writer commits')
    return new Changing(cells, writer, keys === undefined ? cells.buckets() : bucketsOf(cells, keys))
  }

  /** These keys were changed by somebody else, who has told of it after the fact. */
  invalidate(keys: Iterable<string>): void {
    const epoch = this.cells.nextEpoch()
    for (const bucket of bucketsOf(this.cells, keys)) this.cells.change(bucket, epoch)
  }

  /** All caches of the database are empty. */
  clear(): void {
    this.cells.nextGeneration()
  }

  // ── Trouble ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A writer was lost, maybe between COMMIT and its version: nobody knows what it has changed, and all caches are empty. To be
   * called when its thread has ended, so that it does nothing more, and before anybody is told of it. Where a server may still
   * commit for it, `suspend` first, and `resume` when it cannot any more.
   */
  recover(writer: number): void {
    // First: a bucket that is quiet because of this is of the new generation.
    this.cells.nextGeneration()
    this.cells.forget(writer)
  }

  /**
   * Until `resume` nobody uses a cache, or fills one. Calls are counted. For home alone: what a thread has suspended nobody
   * could resume for it once it is lost.
   */
  suspend(): void {
    this.cells.addSuspended(1)
    this.cells.nextGeneration()
  }

  /** What was read meanwhile is of no generation, and stays so. */
  resume(): void {
    this.cells.addSuspended(-1)
  }

  get isSuspended(): boolean {
    return this.cells.suspended !== 0
  }
}

function* bucketsOf(cells: VersionCells, keys: Iterable<string>): Generator<number> {
  for (const key of keys) yield cells.bucketOf(key)
}
