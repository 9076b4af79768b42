/** A database of a few keys, with all that it ever held: what a snapshot sees, locks, and commits that come late. */

export class Conflict extends Error {}

export type Writes = ReadonlyMap<string, number>

/** What the database held under a key from `seq` on. */
interface Version {
  readonly seq: number
  readonly value: number
}

export class ModelDatabase {
  /** Commits so far. */
  seq = 0
  private readonly histories: Map<string, Version[]> = new Map()
  private readonly locks: Map<string, object> = new Map()
  /** The one that may write, where only one may. */
  private writer: object | undefined = undefined
  private lastValue = 0

  constructor(keys: readonly string[]) {
    for (const key of keys) this.histories.set(key, [{ seq: 0, value: this.newValue() }])
  }

  /** No two are the same, so that a value tells when it was written, and by whom. */
  newValue(): number {
    this.lastValue += 1
    return this.lastValue
  }

  read(key: string, seq = this.seq): number {
    const version = this.history(key).findLast((one) => one.seq <= seq) as Version
    return version.value
  }

  /** The commit that wrote it. @throws where none has. */
  seqOf(key: string, value: number): number {
    const version = this.history(key).find((one) => one.value === value)
    if (version === undefined) throw new Error(`${value} was never committed as ${key}`)
    return version.seq
  }

  /** The commit that wrote what it holds now. */
  changedAt(key: string): number {
    return (this.history(key).at(-1) as Version).seq
  }

  commit(writes: Writes): void {
    this.seq += 1
    for (const [key, value] of writes) this.history(key).push({ seq: this.seq, value })
  }

  /** @returns false while another one has it. */
  lockAll(owner: object): boolean {
    if (this.writer !== undefined && this.writer !== owner) return false
    this.writer = owner
    return true
  }

  /** @throws Conflict while another one has it, or if it has changed after `seq`. */
  lock(owner: object, key: string, seq: number): void {
    const holder = this.locks.get(key)
    if (holder !== undefined && holder !== owner) throw new Conflict('locked')
    if (this.changedAt(key) > seq) throw new Conflict('changed')
    this.locks.set(key, owner)
  }

  unlock(owner: object): void {
    if (this.writer === owner) this.writer = undefined
    for (const [key, holder] of this.locks) if (holder === owner) this.locks.delete(key)
  }

  private history(key: string): Version[] {
    return this.histories.get(key) as Version[]
  }
}
