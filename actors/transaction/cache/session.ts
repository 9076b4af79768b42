/**
 * What the transactions of one session see of their thread's cache, and what they will change there.
 *
 * Rules: nothing gets into the cache before COMMIT, and nothing of what is rolled back. What a transaction of the session has
 * invalidated or loaded, those after it see so, for they commit together; a transaction that fails takes its part with it.
 *
 * What is cached is used only where the database would give the same:
 *
 *     a snapshot (all of SQLite; PostgreSQL, repeatable read and read-only)    what was the same in it, once it is taken
 *     read committed                                                          what is the same now
 *     PostgreSQL, serializable, writing                                       only what the transaction has loaded itself
 *
 * The last one, since PostgreSQL keeps serializable transactions apart by what they read, and does not know of what they take
 * from a cache: two could each write what the other has only seen there.
 */
import type { Access, Dialect, Isolation } from '../driver.ts'
import { frozen } from '../plain-data.ts'
import type { Changing } from './changing.ts'
import type { Entries } from './entries.ts'
import type { Change, CommitGuard } from './guard.ts'
import type { Lease, Overlay } from './overlay.ts'
import type { Stamp } from './version-cells.ts'
import type { Versions } from './versions.ts'

/** Keys that a session remembers. What more is loaded is not kept; where more are invalidated, all are. */
export const SESSION_KEYS_MAX = 10_000

export interface CacheSessionOptions {
  readonly access: Access
  readonly isolation: Isolation
  readonly dialect: Dialect
}

type View = 'snapshot' | 'latest' | 'own'

/** What the session knows of a key. Never changed: an invalidation makes another, so that a lease knows it from the one before. */
interface Known {
  readonly isChanged: boolean
  readonly loaded: { readonly value: unknown; readonly stamp: Stamp } | undefined
}

interface SessionLease extends Lease {
  readonly stamp: Stamp
  readonly known: Known | undefined
  readonly rollbacks: number
}

/** How to go back: what was known of a key before. */
interface Undo {
  readonly key: string
  readonly known: Known | undefined
}

/** Made before the driver's `begin`. One transaction at a time uses it. */
export class CacheSession implements Overlay, CommitGuard, Change {
  private readonly entries: Entries
  private readonly versions: Versions
  private readonly stamp: Stamp
  private readonly view: View
  private readonly isWriting: boolean
  private readonly isPostgres: boolean
  private hasSnapshot: boolean
  private readonly known: Map<string, Known> = new Map()
  private readonly undo: Undo[] = []
  /** In `undo`, where the transaction that uses it now begins. */
  private start = 0
  private rollbacks = 0
  private changesAll = false
  private changes: Changing | undefined = undefined

  constructor(entries: Entries, { access, isolation, dialect }: CacheSessionOptions) {
    this.entries = entries
    this.versions = entries.versions
    this.stamp = this.versions.now()
    this.isWriting = access === 'write'
    this.isPostgres = dialect === 'postgres'
    this.view = viewOf(this.isPostgres, this.isWriting, isolation)
    // BEGIN IMMEDIATE takes it, and the lock that keeps all others from changing anything.
    this.hasSnapshot = !this.isPostgres && this.isWriting
  }

  /** For the next transaction of the session; the one before has ended well, or is rolled back. */
  transaction(): Overlay {
    this.start = this.undo.length
    return this
  }

  // ── What a transaction sees ────────────────────────────────────────────────────────────────────────────────────

  find(key: string): { readonly value: unknown } | undefined {
    const found = this.look(key)
    if (found === undefined) this.entries.misses += 1
    else this.entries.hits += 1
    return found
  }

  private look(key: string): { readonly value: unknown } | undefined {
    const known = this.known.get(key)
    if (known !== undefined || this.changesAll) return this.own(key, known)
    if (this.view === 'own') return undefined
    if (this.view === 'latest') return this.entries.current(key)
    return this.hasSnapshot ? this.entries.readBy(this.stamp, key) : undefined
  }

  /** What the session has loaded itself. */
  private own(key: string, known: Known | undefined): { readonly value: unknown } | undefined {
    const loaded = known?.loaded
    if (loaded === undefined || this.view !== 'latest') return loaded
    return this.versions.isCurrent(this.versions.bucketOf(key), loaded.stamp) ? loaded : undefined
  }

  needsSnapshot(key: string): boolean {
    if (this.hasSnapshot || this.view !== 'snapshot' || this.changesAll || this.known.has(key)) return false
    return this.entries.readBy(this.stamp, key) !== undefined
  }

  snapshotTaken(): void {
    this.hasSnapshot = true
  }

  lease(key: string): SessionLease {
    const stamp = this.view === 'latest' ? this.versions.now() : this.stamp
    return { key, stamp, known: this.known.get(key), rollbacks: this.rollbacks }
  }

  fill(lease: Lease, value: unknown): unknown {
    const { key, stamp, known, rollbacks } = lease as SessionLease
    const shared = frozen(value)
    // Invalidated while it was read; or a savepoint was rolled back, of which it may have seen something.
    if (this.known.get(key) !== known || this.rollbacks !== rollbacks) this.entries.refused()
    else if (known !== undefined || this.hasRoom) {
      this.know(key, { isChanged: known?.isChanged === true, loaded: { value: shared, stamp } })
    }
    return shared
  }

  invalidate(key: string): void {
    if (this.known.has(key) || this.hasRoom) this.know(key, { isChanged: true, loaded: undefined })
    else this.changesAll = true
  }

  private get hasRoom(): boolean {
    return this.known.size < SESSION_KEYS_MAX
  }

  private know(key: string, known: Known): void {
    this.undo.push({ key, known: this.known.get(key) })
    this.known.set(key, known)
  }

  mark(): number {
    return this.undo.length
  }

  rollbackTo(mark: number): void {
    this.rollbacks += 1
    while (this.undo.length > mark) {
      const { key, known } = this.undo.pop() as Undo
      if (known === undefined) this.known.delete(key)
      else this.known.set(key, known)
    }
  }

  rollback(): void {
    this.rollbackTo(this.start)
  }

  // ── COMMIT ─────────────────────────────────────────────────────────────────────────────────────────────────────

  changing(): Change {
    if (!this.isWriting) return this
    if (this.changesAll) this.changes = this.versions.changing(undefined)
    else if (this.changesAny) this.changes = this.versions.changing(this.changedKeys())
    return this
  }

  ended(isCommitted: boolean | undefined): void {
    // A server may still do it: what it changes stays pending. SQLite has done it, or never will.
    if (isCommitted === undefined && this.isPostgres) return
    this.changes?.ended(isCommitted !== false)
    if (isCommitted !== true) return
    if (!this.changesAll) this.keep()
    // It has changed nothing, but it may say that somebody else has.
    if (this.isWriting) return
    if (this.changesAll) this.versions.clear()
    else if (this.changesAny) this.versions.invalidate(this.changedKeys())
  }

  /**
   * After `ended(undefined)`, once it is certain that the server will not commit it any more, if it has not. Until then caches
   * hold nothing of what it changes.
   */
  decided(): void {
    this.changes?.ended(true)
  }

  /** What was loaded is for everybody now. */
  private keep(): void {
    const { entries, versions, changes } = this
    for (const [key, { loaded }] of this.known) {
      if (loaded === undefined) {
        entries.drop(key)
        continue
      }
      const stamp =
        changes === undefined ? loaded.stamp : changes.stampOf(versions.bucketOf(key), loaded.stamp)
      if (stamp === undefined) entries.refused()
      else entries.put(key, loaded.value, stamp, 0)
    }
  }

  private get changesAny(): boolean {
    for (const { isChanged } of this.known.values()) if (isChanged) return true
    return false
  }

  private *changedKeys(): Generator<string> {
    for (const [key, { isChanged }] of this.known) if (isChanged) yield key
  }
}

function viewOf(isPostgres: boolean, isWriting: boolean, isolation: Isolation): View {
  if (!isPostgres) return 'snapshot'
  if (isolation === 'read committed') return 'latest'
  return isolation === 'serializable' && isWriting ? 'own' : 'snapshot'
}
