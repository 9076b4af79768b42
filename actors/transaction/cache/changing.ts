/**
 * One COMMIT that changes what caches hold, from before it is sent until after it has ended.
 *
 * Rules: the buckets are pending before COMMIT can become visible, and until their version tells of it. So whoever finds a
 * bucket quiet, and looks at its version after that, has not missed any change that was visible when he found it so.
 */

import { isLater, type Stamp, type VersionCells } from './version-cells.ts'

export class Changing {
  private readonly cells: VersionCells
  private readonly writer: number
  private readonly life: number
  /** By bucket: its version just before ours, once it has ended; undefined where others came between. */
  private readonly before: Map<number, number | undefined> = new Map()
  private epoch = 0

  constructor(cells: VersionCells, writer: number, buckets: Iterable<number>) {
    this.cells = cells
    this.writer = writer
    this.life = cells.life(writer)
    for (const bucket of buckets) {
      if (this.before.has(bucket)) continue
      this.before.set(bucket, undefined)
      cells.addPending(bucket, writer, 1)
    }
  }

  /** COMMIT has ended. Called once, before anything of it is told to anybody. @param isMaybeCommitted - false only where it is certain that it is not. */
  ended(isMaybeCommitted: boolean): void {
    const { cells, writer, before } = this
    if (isMaybeCommitted) this.epoch = cells.nextEpoch()
    // Home has given the writer up, and its counts with it, and here it is still at work.
    const isForgotten = cells.life(writer) !== this.life
    for (const bucket of before.keys()) {
      if (isMaybeCommitted) before.set(bucket, cells.change(bucket, this.epoch))
      if (!isForgotten) cells.addPending(bucket, writer, -1)
    }
  }

  /**
   * The stamp of what the transaction has read of a bucket, now that it is committed: its own change is part of it. Undefined
   * where others have changed the bucket since `read`, and what was read may be older than that.
   */
  stampOf(bucket: number, read: Stamp): Stamp | undefined {
    if (!this.before.has(bucket)) return read
    const before = this.before.get(bucket)
    if (before === undefined || isLater(before, read.epoch)) return undefined
    return { epoch: this.epoch, generation: read.generation }
  }
}
