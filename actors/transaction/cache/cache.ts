/**
 * The cache at home: what transactions that only read gave last, as long as nobody has changed it.
 *
 * Rules: nobody gets a value that is older than what anybody could have seen when he asked. Of one key one reading is under way
 * at a time; who comes while it cannot tell him what he is to know waits for the next, which begins when it has ended. So many
 * who ask for the same cost one reading, two at most, whatever happens meanwhile. Failures are not kept.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { InputOf, ResultOf, TransactionName } from '../definition.ts'
import { misuse, TransactionRefusedError } from '../errors.ts'
import { type CacheStatistics, Entries } from './entries.ts'
import { Flight, type FlightPlan, type RunTransaction } from './flight.ts'
import type { Versions } from './versions.ts'

export interface ReadOptions {
  /**
   * Milliseconds that what is given may be old, counted from when its reading was begun: for what others than this process
   * change. Default: no limit.
   */
  readonly ttlMs?: number
}

export interface HomeCacheStatistics extends CacheStatistics {
  /** Keys that are being read. */
  readonly flights: number
}

type Rest<I> = undefined extends I ? [input?: I, options?: ReadOptions] : [input: I, options?: ReadOptions]

/** Of a database whose module is `M`. */
export interface DatabaseCache<M> {
  /**
   * What the transaction `name` gives for `input`: from the cache, if that is what the database holds, else from the database.
   * It is shared, and frozen: nobody may change it. It is the same for everybody, whoever asks: `name` must change nothing, and
   * give what depends on the database and `input` alone.
   *
   * @param ctx - ends the waiting of this one who asks; the reading goes on while others wait, for as long as a transaction may
   *   wait and run.
   * @param key - stands for `name` and `input`. Whoever changes what it depends on invalidates it: `tx.invalidate(key)`.
   * @returns what the transaction fails with; `TRANSACTION_QUEUE_FULL` where too many wait already.
   * @throws UsageError (`TRANSACTION_OPTION_INVALID`)
   */
  read<Name extends TransactionName<M>>(
    ctx: Context,
    key: string,
    name: Name,
    ...rest: Rest<InputOf<M, Name>>
  ): Deferred<ResultOf<M, Name>>
  /** What the cache holds of it, if that is what the database holds. Nothing is read. */
  peek(key: string): { readonly value: unknown } | undefined
  /** These keys were changed by something that is no transaction of this process. Holds for all caches of the database. */
  invalidate(...keys: readonly string[]): void
  /** All caches of the database are empty: this one, and those of its threads. */
  clear(): void
  statistics(): HomeCacheStatistics
}

export interface CachePlan {
  /** Whose readings end with it: the database's. */
  readonly ctx: Context
  readonly versions: Versions
  readonly run: RunTransaction
  readonly entriesMax: number
  /** Milliseconds that a reading may take, with all its waiting. */
  readonly timeoutMs: number
  /** Who may wait for readings at once; one more is refused. Default 16,384. */
  readonly waitersMax?: number
}

const WAITERS_MAX = 16_384
/** A reading is not long, as a rule. */
const RETRY_AFTER_MS = 100

/** A key that is being read. */
interface Reading {
  current: Flight
  /** For who came too late for `current`. */
  next: Flight | undefined
}

export class HomeCache {
  private readonly plan: FlightPlan
  private readonly versions: Versions
  private readonly entries: Entries
  private readonly readings: Map<string, Reading> = new Map()
  private readonly waitersMax: number
  private waiters = 0

  constructor({ ctx, versions, run, entriesMax, timeoutMs, waitersMax = WAITERS_MAX }: CachePlan) {
    this.plan = { ctx, versions, run, timeoutMs }
    this.versions = versions
    this.entries = new Entries(versions, entriesMax)
    this.waitersMax = waitersMax
  }

  read(ctx: Context, key: string, name: string, input?: unknown, options?: ReadOptions): Deferred<unknown> {
    const oldestMs = options === undefined ? Number.NEGATIVE_INFINITY : oldestOf(ctx, options)
    const entry = this.entries.current(key)
    if (entry === undefined || entry.atMs < oldestMs) return this.readThrough(ctx, key, name, input, oldestMs)
    this.entries.hits += 1
    return Deferred.of(entry.value)
  }

  peek(key: string): { readonly value: unknown } | undefined {
    return this.entries.current(key)
  }

  invalidate(...keys: readonly string[]): void {
    this.versions.invalidate(keys)
    for (const key of keys) this.entries.drop(key)
  }

  clear(): void {
    this.versions.clear()
    this.entries.clear()
  }

  statistics(): HomeCacheStatistics {
    const { entries, hits, misses, refusedFills } = this.entries
    return { entries, hits, misses, refusedFills, flights: this.readings.size }
  }

  private readThrough(
    ctx: Context,
    key: string,
    name: string,
    input: unknown,
    oldestMs: number,
  ): Deferred<unknown> {
    this.entries.misses += 1
    if (ctx.isCancelled) return failed(ctx, ctx.failure())
    if (this.waiters >= this.waitersMax) {
      const message = `${this.waiters} of ${this.waitersMax} wait for what the cache does not hold: "${key}" is refused`
      return failed(ctx, new TransactionRefusedError('TRANSACTION_QUEUE_FULL', message, RETRY_AFTER_MS))
    }
    const waiter = ctx.bind(this.flightOf(ctx, key, name, input, oldestMs).join())
    this.waiters += 1
    const left = () => {
      this.waiters -= 1
    }
    waiter.attend(left, left)
    return waiter
  }

  /** One that may tell whoever asks now. */
  private flightOf(ctx: Context, key: string, name: string, input: unknown, oldestMs: number): Flight {
    const reading = this.readings.get(key)
    if (reading === undefined) {
      const flight = new Flight(this.plan, ctx, name, input)
      this.begin(key, { current: flight, next: undefined })
      return flight
    }
    const { current } = reading
    const { stamp, startedAtMs } = current
    const isFresh = stamp !== undefined && this.versions.isCurrent(this.versions.bucketOf(key), stamp)
    if (isFresh && startedAtMs >= oldestMs) return current
    if (reading.next === undefined || reading.next.isOver)
      reading.next = new Flight(this.plan, ctx, name, input)
    return reading.next
  }

  private begin(key: string, reading: Reading): void {
    this.readings.set(key, reading)
    const { current } = reading
    current.onLanding((isRead, value) => {
      if (isRead && current.stamp !== undefined)
        this.entries.put(key, value, current.stamp, current.startedAtMs)
      const { next } = reading
      // All who waited for it may have left meanwhile.
      if (next === undefined || next.isOver) this.readings.delete(key)
      else this.begin(key, { current: next, next: undefined })
    })
    current.start()
  }
}

/** The instant before which nothing may have been read. */
function oldestOf(ctx: Context, { ttlMs = Number.POSITIVE_INFINITY }: ReadOptions): number {
  if (!(ttlMs >= 0)) throw misuse('TRANSACTION_OPTION_INVALID', `ttlMs is 0 ms or more, not ${String(ttlMs)}`)
  return ttlMs === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : ctx.clock.nowMs() - ttlMs
}

function failed(ctx: Context, error: unknown): Deferred<never> {
  const deferred = ctx.deferred<never>()
  deferred.reject(error)
  return deferred
}
