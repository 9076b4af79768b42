/** Threads of a model: they run transactions on a model database with the caches under test, and look whether these tell the truth. */
import { Entries } from '../../../../actors/transaction/cache/entries.ts'
import type { CacheSession } from '../../../../actors/transaction/cache/session.ts'
import { ThreadCache } from '../../../../actors/transaction/cache/thread-cache.ts'
import { Versions } from '../../../../actors/transaction/cache/versions.ts'
import type { Access, Dialect, Isolation } from '../../../../actors/transaction/driver.ts'
import type { Step, Steps } from '../../../../actors/transaction/step.ts'
import { Tx } from '../../../../actors/transaction/thread/tx.ts'
import { type Interleaver, Killed, type Thread } from './interleaver.ts'
import { Conflict, type ModelDatabase } from './model-database.ts'

export type Op =
  | { readonly do: 'cached'; readonly key: string }
  | { readonly do: 'set'; readonly key: string }
  | { readonly do: 'savepoint'; readonly ops: readonly Op[]; readonly fails: boolean }
  | { readonly do: 'fail' }

/** How COMMIT ends. In doubt, it may have happened, may happen later, or never. */
export type End = 'ok' | 'fail' | 'doubt' | 'dieBefore' | 'dieBetween' | 'dieAfter'
export type Fate = 'now' | 'later' | 'never'

export interface SessionPlan {
  readonly isolation: Isolation
  /** Of one group; PostgreSQL takes the first alone. */
  readonly transactions: readonly (readonly Op[])[]
  readonly end: End
  /** Of a commit in doubt. */
  readonly fate: Fate
  /** Accesses to shared memory before a death. */
  readonly accesses: number
}

type Steps0 = Generator<void, void, unknown>

export interface Model {
  readonly database: ModelDatabase
  readonly dialect: Dialect
  readonly home: Versions
  readonly interleaver: () => Interleaver
  hits: number
}

/** The body meant to fail. */
class Meant extends Error {}

/** What several lanes of one thread share: they are its sessions, and live and die together. */
export class ModelThread {
  readonly model: Model
  readonly access: Access
  readonly writer: number
  cache: ThreadCache
  isLost = false

  constructor(model: Model, access: Access, writer: number) {
    this.model = model
    this.access = access
    this.writer = writer
    this.cache = this.newCache()
  }

  newCache(): ThreadCache {
    return new ThreadCache(this.model.home.memory, 2, this.writer)
  }

  /** What home does about a thread that is no more. Whether its commits happen is known in the end. */
  *replace(lanes: readonly Lane[]): Steps0 {
    const { home, dialect } = this.model
    // The server goes on without it.
    if (dialect === 'postgres') home.suspend()
    yield
    home.recover(this.writer)
    yield* pause(this.model.interleaver().next(20))
    for (const lane of lanes) yield* lane.decide()
    yield* pause(this.model.interleaver().next(20))
    if (dialect === 'postgres') home.resume()
    this.cache = this.newCache()
    this.isLost = false
  }
}

/** One session after another, on one thread. */
export class Lane implements Thread {
  readonly name: string
  readonly on: ModelThread
  private readonly plans: SessionPlan[]
  private readonly lanes: readonly Lane[]
  private session: ModelSession | undefined = undefined

  /** @param lanes - of the same thread, filled later. */
  constructor(name: string, on: ModelThread, plans: readonly SessionPlan[], lanes: readonly Lane[]) {
    this.name = name
    this.on = on
    this.plans = [...plans]
    this.lanes = lanes
  }

  *run(): Steps0 {
    for (let plan = this.plans.shift(); plan !== undefined; plan = this.plans.shift()) {
      const session = new ModelSession(this.on, plan)
      this.session = session
      yield
      yield* session.run()
      this.session = undefined
    }
  }

  died(): Steps0 {
    const isFirst = !this.on.isLost
    this.on.isLost = true
    return this.live(isFirst)
  }

  private *live(isFirst: boolean): Steps0 {
    if (isFirst) yield* this.on.replace(this.lanes)
    while (this.on.isLost) yield
    yield* this.run()
  }

  /** The thread is lost: what becomes of the session that it had open? */
  *decide(): Steps0 {
    const { session } = this
    this.session = undefined
    if (session !== undefined) yield* session.decide()
  }
}

class ModelSession {
  private readonly thread: ModelThread
  private readonly plan: SessionPlan
  private readonly cache: CacheSession
  private snapshot: number | undefined = undefined
  private writes = new Map<string, number>()
  private readonly saved: Map<string, number>[] = []
  /** COMMIT was sent, and what becomes of it is open. */
  private isSent = false

  constructor(thread: ModelThread, plan: SessionPlan) {
    const { access, cache, model } = thread
    this.thread = thread
    this.plan = plan
    this.cache = cache.session({ access, isolation: plan.isolation, dialect: model.dialect })
  }

  private get isWriting(): boolean {
    return this.thread.access === 'write'
  }

  private get isPostgres(): boolean {
    return this.thread.model.dialect === 'postgres'
  }

  *run(): Steps0 {
    const { database } = this.thread.model
    if (this.isWriting && !this.isPostgres) {
      while (!database.lockAll(this)) yield
      this.snapshot = database.seq
    }
    const group = this.isPostgres ? this.plan.transactions.slice(0, 1) : this.plan.transactions
    let done = 0
    for (const ops of group) {
      const tx = new Tx(this.world, 'model', 1)
      const before = new Map(this.writes)
      try {
        yield* this.drive(this.body(tx, ops))
        done += 1
      } catch (error) {
        if (!(error instanceof Meant || error instanceof Conflict)) throw error
        this.writes = before
        tx.usedOverlay?.rollback()
      }
      tx.end()
    }
    if (done > 0) yield* this.commit()
    database.unlock(this)
  }

  private readonly world = {
    dialect: 'sqlite' as Dialect,
    outputsMax: 0,
    messageBytesMax: 0,
    contextOf: () => {
      throw new Error('not asked for')
    },
    overlayOf: () => this.cache.transaction(),
  }

  private *body(tx: Tx, ops: readonly Op[]): Steps<void> {
    const { database } = this.thread.model
    for (const op of ops) {
      if (op.do === 'fail') throw new Meant()
      if (op.do === 'set') {
        yield* tx.run('set', [op.key, database.newValue()])
        tx.invalidate(op.key)
      } else if (op.do === 'cached') {
        const from = database.changedAt(op.key)
        let isLoaded = false
        const value = yield* tx.cached(op.key, function* () {
          isLoaded = true
          return yield* tx.one<number>('get', [op.key])
        })
        if (!isLoaded) this.thread.model.hits += 1
        this.check(op.key, value, from)
      } else if (op.do === 'savepoint') {
        try {
          const self = this
          yield* tx.savepoint(function* () {
            yield* self.body(tx, op.ops)
            if (op.fails) throw new Meant()
          })
        } catch (error) {
          if (!(error instanceof Meant)) throw error
        }
      }
    }
  }

  private check(key: string, value: number, from: number): void {
    const { database } = this.thread.model
    const own = this.writes.get(key)
    if (this.plan.isolation === 'read committed' && this.isPostgres && own === undefined) {
      const seq = database.seqOf(key, value)
      if (seq < from) throw new Error(`${key} is of commit ${seq}, and ${from} had happened`)
      return
    }
    const expected = own ?? database.read(key, this.snapshot as number)
    if (value !== expected || this.snapshot === undefined) {
      throw new Error(`${key} is ${value}, and the transaction reads ${expected} (snapshot ${this.snapshot})`)
    }
  }

  private *drive(body: Steps<void>): Steps0 {
    let step = body.next()
    while (step.done !== true) {
      yield
      let answer: unknown
      let failure: unknown
      try {
        answer = this.perform(step.value)
      } catch (error) {
        failure = error
      }
      yield
      step = failure === undefined ? body.next(answer) : body.throw(failure)
    }
  }

  private perform({ kind, sql, parameters }: Step): unknown {
    const { database } = this.thread.model
    const key = parameters[0] as string
    switch (kind) {
      case 'savepoint':
        this.saved.push(new Map(this.writes))
        return
      case 'release':
        this.saved.pop()
        return
      case 'rollbackTo':
        this.writes = this.saved.pop() as Map<string, number>
        return
      case 'run':
        this.takeSnapshot()
        if (this.isPostgres) database.lock(this, key, this.snapshot as number)
        this.writes.set(key, parameters[1] as number)
        return
      default:
        this.takeSnapshot()
        return sql === 'get' ? (this.writes.get(key) ?? database.read(key, this.snapshot)) : 1
    }
  }

  /** Each statement takes one at read committed, else the first. */
  private takeSnapshot(): void {
    const { database } = this.thread.model
    if (this.isPostgres && this.plan.isolation === 'read committed') this.snapshot = database.seq
    else this.snapshot ??= database.seq
  }

  private *commit(): Steps0 {
    const { database, interleaver } = this.thread.model
    // Those who only read have nothing to be in doubt about.
    const { accesses, fate } = this.plan
    const end = this.isWriting ? this.plan.end : 'ok'
    yield
    if (end === 'dieBefore') {
      interleaver().dying(accesses, () => this.cache.changing())
      throw new Killed()
    }
    const change = this.cache.changing()
    yield
    if (end === 'fail') {
      yield
      change.ended(false)
      return
    }
    if (end === 'ok' || end === 'dieAfter' || fate === 'now') database.commit(this.writes)
    else this.isSent = true
    yield
    if (end === 'dieBetween') throw new Killed()
    if (end === 'dieAfter') {
      interleaver().dying(accesses, () => change.ended(true))
      throw new Killed()
    }
    change.ended(end === 'ok' ? true : undefined)
    if (end !== 'doubt') return
    yield* pause(interleaver().next(10))
    yield* this.decide()
    yield* pause(interleaver().next(10))
    if (this.isPostgres) this.cache.decided()
  }

  /** What becomes of a commit that is in doubt. */
  *decide(): Steps0 {
    const { database } = this.thread.model
    // SQLite does nothing after the connection is gone.
    if (this.isSent && this.isPostgres && this.plan.fate === 'later') {
      yield
      this.isSent = false
      database.commit(this.writes)
    }
    database.unlock(this)
    yield
  }
}

function* pause(steps: number): Steps0 {
  for (let i = 0; i < steps; i++) yield
}

/** Reads keys at home, through a cache, one after another. */
export class HomeReader implements Thread {
  readonly name = 'home'
  readonly on = this
  private readonly model: Model
  private readonly keys: readonly string[]
  private readonly entries: Entries

  constructor(model: Model, keys: readonly string[]) {
    this.model = model
    this.keys = keys
    this.entries = new Entries(new Versions(model.home.memory), 2)
  }

  *run(): Steps0 {
    const { database, home } = this.model
    for (const key of this.keys) {
      yield
      // Not only what was told of: what anybody could have seen by now.
      const from = database.changedAt(key)
      const entry = this.entries.current(key)
      if (entry !== undefined) {
        this.model.hits += 1
        const seq = database.seqOf(key, entry.value as number)
        if (seq < from) throw new Error(`home has ${key} of commit ${seq}, and ${from} had happened`)
        continue
      }
      const stamp = home.now()
      yield
      const snapshot = database.seq
      yield
      const value = database.read(key, snapshot)
      yield
      this.entries.put(key, value, stamp, 0)
    }
  }

  *died(): Steps0 {}
}
