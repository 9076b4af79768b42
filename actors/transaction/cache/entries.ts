/** What one cache holds: at most so many entries, of which the least recently used makes room. */
import { LRUCache } from 'lru-cache'
import { isLater, type Stamp } from './version-cells.ts'
import type { Versions } from './versions.ts'

export class Entry implements Stamp {
  readonly value: unknown
  readonly bucket: number
  readonly epoch: number
  readonly generation: number
  /** The instant at which its reading was begun. */
  readonly atMs: number

  constructor(value: unknown, bucket: number, stamp: Stamp, atMs: number) {
    this.value = value
    this.bucket = bucket
    this.epoch = stamp.epoch
    this.generation = stamp.generation
    this.atMs = atMs
  }
}

export interface CacheStatistics {
  /** Held, the ones included that are out of date and were not asked for since. */
  readonly entries: number
  readonly hits: number
  readonly misses: number
  /** What was read and not kept: it had changed meanwhile. */
  readonly refusedFills: number
}

export class Entries implements CacheStatistics {
  readonly versions: Versions
  private readonly held: LRUCache<string, Entry>
  hits = 0
  misses = 0
  refusedFills = 0

  /** @param max - entries. */
  constructor(versions: Versions, max: number) {
    this.versions = versions
    this.held = new LRUCache({ max })
  }

  get entries(): number {
    return this.held.size
  }

  /** What the database holds now, if it is here. */
  current(key: string): Entry | undefined {
    const entry = this.held.get(key)
    return entry !== undefined && this.versions.isCurrent(entry.bucket, entry) ? entry : undefined
  }

  /** What a transaction with a snapshot would read, if it is here. */
  readBy(reader: Stamp, key: string): Entry | undefined {
    const entry = this.held.get(key)
    return entry !== undefined && this.versions.isReadBy(reader, entry.bucket, entry) ? entry : undefined
  }

  /** Keeps what was read under `stamp`, unless it has changed since: the lease is over. */
  put(key: string, value: unknown, stamp: Stamp, atMs: number): void {
    const bucket = this.versions.bucketOf(key)
    if (!this.versions.isCurrent(bucket, stamp)) {
      this.refused()
      return
    }
    const held = this.held.peek(key)
    // Both are right, but the later stamp is good for more readers.
    if (held !== undefined && held.generation === stamp.generation && isLater(held.epoch, stamp.epoch)) return
    this.held.set(key, new Entry(value, bucket, stamp, atMs))
  }

  refused(): void {
    this.refusedFills += 1
  }

  drop(key: string): void {
    this.held.delete(key)
  }

  clear(): void {
    this.held.clear()
  }
}
