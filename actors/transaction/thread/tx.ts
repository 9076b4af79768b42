/**
 * What the body of a transaction holds: the way to the database, and to everybody else once it is committed.
 *
 * Rules: nothing leaves before COMMIT. A savepoint that is rolled back takes with it what was emitted, published, cached and
 * hooked within. After the end every method throws `TRANSACTION_OVER`.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { EventObject } from '../../../runtime/mailbox/envelope.ts'
import { ActorGroup, ActorName } from '../../../runtime/system/names.ts'
import type { AnyEvent } from '../../../runtime/system/ref.ts'
import type { Overlay } from '../cache/overlay.ts'
import type { Dialect } from '../driver.ts'
import { misuse } from '../errors.ts'
import { type Changes, type Parameter, Step, type Steps } from '../step.ts'
import { Effects, type Hook, type PublishOptions } from './effects.ts'

/** What a transaction knows of the thread that it runs on. */
export interface TxWorld {
  readonly dialect: Dialect
  readonly outputsMax: number
  readonly messageBytesMax: number
  /** Its own context: deadline, trace and portable values of the request. */
  contextOf(tx: Tx): Context
  overlayOf(tx: Tx): Overlay
}

export class Tx {
  /** As the module exports it. */
  readonly name: string
  /** 1, and one more each time that it is done again. */
  readonly attempt: number
  /** @internal */
  readonly effects: Effects
  private readonly world: TxWorld
  private ownContext: Context | undefined = undefined
  private ownOverlay: Overlay | undefined = undefined
  private isOver = false
  private savepoints = 0

  /** @internal */
  constructor(world: TxWorld, name: string, attempt: number) {
    this.world = world
    this.name = name
    this.attempt = attempt
    this.effects = new Effects(world)
  }

  get dialect(): Dialect {
    return this.world.dialect
  }

  /** The request's context on this side: its deadline, trace and portable values. */
  get ctx(): Context {
    this.ownContext ??= this.world.contextOf(this)
    return this.ownContext
  }

  // ── The database ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Does a statement that gives no rows. Parameters stand as `?`. */
  run(sql: string, parameters?: readonly Parameter[]): Step<Changes> {
    return this.step('run', sql, parameters)
  }

  /** The first row. Where there is none it fails with `DATABASE_NO_ROW`. */
  one<Row = unknown>(sql: string, parameters?: readonly Parameter[]): Step<Row> {
    return this.step('one', sql, parameters)
  }

  /** The first row, or undefined where there is none. */
  first<Row = unknown>(sql: string, parameters?: readonly Parameter[]): Step<Row | undefined> {
    return this.step('first', sql, parameters)
  }

  /** All rows; more than `rowsMax` (default 10,000) fail it with `DATABASE_ROWS_LIMIT`. */
  all<Row = unknown>(sql: string, parameters?: readonly Parameter[]): Step<Row[]> {
    return this.step('all', sql, parameters)
  }

  /** Several steps of which none waits for another's answer: PostgreSQL is sent all of them at once. The first failure counts. */
  pipeline<const S extends readonly Step[]>(steps: S): Step<{ -readonly [I in keyof S]: AnswerOf<S[I]> }> {
    this.check()
    return new Step(this, 'pipeline', '', undefined, steps)
  }

  /**
   * Runs `body`, and undoes what it has done if it throws: rows, and whatever it has emitted, published, cached and hooked.
   * What it has thrown is thrown on, to be caught here.
   */
  *savepoint<R>(body: () => Steps<R>): Steps<R> {
    this.check()
    const name = `greenroom_${++this.savepoints}`
    yield new Step(this, 'savepoint', name)
    const mark = this.effects.mark()
    const kept = this.ownOverlay?.mark()
    let result: R
    try {
      result = yield* body()
      // Where a failure was swallowed within, this is what fails.
      yield new Step(this, 'release', name)
    } catch (error) {
      this.effects.rollbackTo(mark)
      if (kept === undefined) this.ownOverlay?.rollback()
      else this.ownOverlay?.rollbackTo(kept)
      yield new Step(this, 'rollbackTo', name)
      throw error
    }
    return result
  }

  // ── Everybody else, after COMMIT ───────────────────────────────────────────────────────────────────────────────

  /**
   * Tells actors at home, once it is committed: in this order, in the request's context. A text stands for the actor of that
   * name and for all members of the group of that name. Lost if the process ends just then: `publish` what must not be.
   *
   * @throws UsageError (`TRANSACTION_NOT_CLONEABLE`, `TRANSACTION_OUTPUT_LIMIT`)
   */
  emit(to: string, event: AnyEvent): void
  emit<E extends EventObject>(to: ActorName<E> | ActorGroup<E>, event: NoInfer<E>): void
  emit(to: string | { readonly text: string }, event: EventObject): void {
    this.check()
    const kind = to instanceof ActorName ? 'actor' : to instanceof ActorGroup ? 'group' : 'all'
    this.effects.emit(this.name, kind, typeof to === 'string' ? to : to?.text, event)
  }

  /**
   * Writes a message into the outbox, in this transaction: it is delivered at least once, to the destination that
   * `openDatabase` was given under that name.
   *
   * @param payload - anything that JSON can hold.
   * @throws UsageError (`TRANSACTION_NOT_CLONEABLE`, `TRANSACTION_OUTPUT_LIMIT`)
   */
  publish(destination: string, payload: unknown, options: PublishOptions = {}): void {
    this.check()
    this.effects.publish(this.name, destination, payload, options)
  }

  /**
   * Called before COMMIT, after the body, in the order of the calls; it may be a generator that yields steps, as the body. What it
   * throws rolls the transaction back.
   */
  beforeCommit(hook: () => unknown): void {
    this.check()
    this.effects.beforeCommit.push(hook)
  }

  /** Called on this thread once it is committed. What it throws is reported, and changes nothing. */
  afterCommit(hook: Hook): void {
    this.check()
    this.effects.afterCommit.push(hook)
  }

  /** Called on this thread once it is rolled back, for whatever reason; each attempt has its own. */
  afterRollback(hook: Hook): void {
    this.check()
    this.effects.afterRollback.push(hook)
  }

  /** Called on this thread where nobody knows whether it is committed. */
  afterUnknown(hook: Hook): void {
    this.check()
    this.effects.afterUnknown.push(hook)
  }

  // ── The cache ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * What the cache of this thread holds under `key`, if that is what this transaction would read now; else what `load` gives,
   * which others see after COMMIT. It is shared, and frozen.
   */
  *cached<T>(key: string, load: () => Steps<T>): Steps<T> {
    this.check()
    const overlay = this.overlay()
    if (overlay.needsSnapshot(key)) {
      // BEGIN alone takes none: what is committed before the first statement would be seen by what follows, and not by the cache.
      yield* this.first(SNAPSHOT[this.dialect])
      overlay.snapshotTaken()
    }
    const found = overlay.find(key)
    if (found !== undefined) return found.value as T
    const lease = overlay.lease(key)
    const value = yield* load()
    this.check()
    return overlay.fill(lease, value) as T
  }

  /** Nobody is to see what caches hold under these keys once this is committed; nor is this transaction, from now on. */
  invalidate(...keys: readonly string[]): void {
    this.check()
    for (const key of keys) this.overlay().invalidate(key)
  }

  // ── The runner's ───────────────────────────────────────────────────────────────────────────────────────────────

  /** @internal What it has cached and invalidated, if anything. */
  get usedOverlay(): Overlay | undefined {
    return this.ownOverlay
  }

  /** @internal */
  end(): void {
    this.isOver = true
  }

  private overlay(): Overlay {
    this.ownOverlay ??= this.world.overlayOf(this)
    return this.ownOverlay
  }

  private step<T>(
    kind: 'run' | 'one' | 'first' | 'all',
    sql: string,
    parameters?: readonly Parameter[],
  ): Step<T> {
    this.check()
    return new Step<T>(this, kind, sql, parameters)
  }

  private check(): void {
    if (this.isOver)
      throw misuse('TRANSACTION_OVER', `transaction "${this.name}" has ended: its tx cannot be used any more`)
  }
}

/** The least that takes a snapshot. SQLite takes none for a statement that reads no table. */
const SNAPSHOT: Readonly<Record<Dialect, string>> = {
  sqlite: 'select 1 from sqlite_schema limit 1',
  postgres: 'select 1',
}

export type AnswerOf<S> = S extends Step<infer T> ? T : never
