/** The cache of one database thread. All of a database's caches share their versions, and nothing else. */
import { type CacheStatistics, Entries } from './entries.ts'
import { CacheSession, type CacheSessionOptions } from './session.ts'
import { Versions } from './versions.ts'

export class ThreadCache {
  private readonly entries: Entries

  /**
   * @param memory - of the database's `Versions`.
   * @param entriesMax - entries.
   * @param writer - which of the threads that write this is, from 0. A thread that only reads has none, whatever is given.
   */
  constructor(memory: SharedArrayBuffer, entriesMax: number, writer = 0) {
    this.entries = new Entries(new Versions(memory, writer), entriesMax)
  }

  /** For the transactions of one session. To be called before the driver's `begin`. */
  session(options: CacheSessionOptions): CacheSession {
    return new CacheSession(this.entries, options)
  }

  statistics(): CacheStatistics {
    const { entries, hits, misses, refusedFills } = this.entries
    return { entries, hits, misses, refusedFills }
  }
}
