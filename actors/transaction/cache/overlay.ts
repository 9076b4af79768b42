/** What one transaction sees of the cache, and what it will change there: see README.md beside this. */

export interface Lease {
  readonly key: string
}

export interface Overlay {
  /** What this transaction may use instead of reading the database. */
  find(key: string): { readonly value: unknown } | undefined
  /** It could use what is cached, if its snapshot were taken: read something first, and call `snapshotTaken`. */
  needsSnapshot(key: string): boolean
  /** The database has answered a statement that reads. */
  snapshotTaken(): void
  /** Taken before the database is read for `key`. */
  lease(key: string): Lease
  /** What was read under the lease. @returns it, frozen. */
  fill(lease: Lease, value: unknown): unknown
  invalidate(key: string): void
  /** For savepoints. */
  mark(): number
  rollbackTo(mark: number): void
  /** To where the transaction began. What others in the same session have done before it stays. */
  rollback(): void
}
