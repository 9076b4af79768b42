/**
 * The actor of a database thread: opens the driver and the user's module, runs groups of transactions, and closes.
 *
 * It is told `open` first, in each of its lives, and answers with what it can run. A group is answered when it is settled:
 * by a driver that answers at once, before anything else is heard. `interrupt` stops the statement that runs in a slot.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { nextFraction } from '../../../runtime/context/random.ts'
import type { WireContext } from '../../../runtime/context/wire.ts'
import { fromWire } from '../../../runtime/context/wire.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Envelope } from '../../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../../runtime/system/logic.ts'
import type { Ask } from '../../../runtime/system/ref.ts'
import type { Timer } from '../../../runtime/time/clock.ts'
import { Board } from '../board.ts'
import type { CacheSession } from '../cache/session.ts'
import { ThreadCache } from '../cache/thread-cache.ts'
import type { Driver, OpenDriver, Session } from '../driver.ts'
import { DatabaseError, misuse } from '../errors.ts'
import { drive, isLater, silence } from '../maybe-later.ts'
import type { Migration } from '../migrations.ts'
import { insertPublished } from '../outbox/store.ts'
import { outboxTransactions } from '../outbox/transactions.ts'
import { copied } from '../plain-data.ts'
import { packReports, type Report } from '../report.ts'
import type { Steps } from '../step.ts'
import { Catalogue, type Definition } from './catalogue.ts'
import { type GroupAnswer, type GroupEvent, JOB_STRIDE, type Opened, type ThreadInput } from './messages.ts'
import { prepare } from './prepare.ts'
import { type GroupWorld, type Job, runGroup } from './run-group.ts'
import { SavepointPolicy } from './savepoint-policy.ts'
import { Tx, type TxWorld } from './tx.ts'

export type DatabaseThreadEvent =
  | Ask<{ readonly type: 'open' }, Opened>
  | Ask<GroupEvent, GroupAnswer>
  | { readonly type: 'interrupt'; readonly slot: number }

export const databaseThread: Logic<DatabaseThreadEvent, never, ThreadInput> = {
  name: 'database thread',
  needs: [],
  create: (host, ctx, input) => new DatabaseThread(host, ctx, input),
}

class DatabaseThread implements Instance {
  private readonly host: Host
  private readonly ctx: Context
  private readonly input: ThreadInput
  private readonly board: Board
  private readonly cache: ThreadCache
  private readonly savepoints = new SavepointPolicy()
  private driver: Driver | undefined = undefined
  private catalogue: Catalogue | undefined = undefined
  private opening: Deferred<Opened> | undefined = undefined
  private readonly sessions: (Session | undefined)[] = []
  private readonly work: Set<PromiseLike<unknown>> = new Set()
  /** Until commits in doubt are decided. */
  private readonly doubts: Set<Timer> = new Set()

  constructor(host: Host, ctx: Context, input: ThreadInput) {
    this.host = host
    this.ctx = ctx
    this.input = input
    this.board = new Board(input.board, input.slots)
    this.cache = new ThreadCache(input.versions, input.limits.cacheEntries, input.writer)
  }

  receive(envelope: Envelope): void {
    const event = envelope.event as DatabaseThreadEvent
    if (event.type === 'open') {
      if (this.opening === undefined) {
        const opening = Deferred.from(this.open())
        this.opening = opening
        // It may well work when it is asked again.
        opening.listen(nothing, () => {
          this.opening = undefined
        })
      }
      this.host.answer(envelope, this.opening)
    } else if (event.type === 'group') {
      this.host.answer(envelope, this.run(event as GroupEvent))
    } else if (event.type === 'interrupt') {
      this.sessions[event.slot]?.interrupt()
    } else {
      this.host.unhandled(envelope)
    }
  }

  private async open(): Promise<Opened> {
    const { driver: plan, module: url, access, limits, migrations } = this.input
    const { openDriver } = (await import(plan.module)) as { readonly openDriver: OpenDriver }
    const module = url === undefined ? {} : ((await import(url)) as Readonly<Record<string, unknown>>)
    this.catalogue = new Catalogue(
      url ?? 'the database',
      module,
      outboxTransactions as Record<string, Definition>,
    )
    const { rowsMax, statementTimeoutMs, busyTimeoutMs } = limits
    const driver = await openDriver(
      plan.options,
      { access, rowsMax, statementTimeoutMs, busyTimeoutMs },
      this.ctx,
    )
    if (this.input.prepares) {
      try {
        await this.prepare(driver, migrations)
      } catch (error) {
        await driver.close()
        throw error
      }
    }
    this.driver = driver
    const life = nextFraction(this.ctx.random)
    return { life, transactions: this.catalogue.list(), keys: this.catalogue.keys.map(({ name }) => name) }
  }

  private prepare(driver: Driver, migrations: readonly Migration[] | undefined): void | Deferred<void> {
    const { clock } = this.ctx
    const { dialect } = this.input.driver
    const session = this.cache.session({ access: 'write', isolation: 'serializable', dialect })
    const nowMs = () => clock.nowMs()
    const wallMs = () => clock.wallMs()
    const tx = () => new Tx(this.worldOf('', undefined, session), 'greenroom.prepare', 1)
    return drive(prepare({ driver, dialect, migrations, nowMs, wallMs, tx }))
  }

  private run({ slot, access, isolation, wasSpoilt, jobs }: GroupEvent): GroupAnswer | Deferred<GroupAnswer> {
    const { driver } = this
    if (driver === undefined) {
      // Home has not heard that this is another life.
      return Deferred.fail(
        new DatabaseError('DATABASE_UNAVAILABLE', 'the thread has not opened the database'),
      )
    }
    const { clock } = this.ctx
    const startedAtMs = clock.nowMs()
    const { dialect } = this.input.driver
    // Before anything is read: what was changed after this is not what the transactions see.
    const session = this.cache.session({ access, isolation, dialect })
    const group: Job[] = []
    for (let at = 0; at < jobs.length; at += JOB_STRIDE) group.push(this.jobAt(jobs, at, session))
    const world = this.worldOfGroups(driver, session)
    const ran = drive(runGroup(world, { slot, access, isolation, wasSpoilt }, group))
    const answer = (reports: readonly Report[]): GroupAnswer => ({
      reports: packReports(reports),
      elapsedMs: clock.nowMs() - startedAtMs,
      commitMs: world.commitMs,
    })
    if (!isLater(ran)) return answer(ran)
    const answered = (ran as Deferred<readonly Report[]>).then(answer)
    this.work.add(answered)
    const done = () => void this.work.delete(answered)
    answered.listen(done, done)
    return answered
  }

  private jobAt(jobs: readonly unknown[], at: number, session: CacheSession): Job {
    const name = jobs[at] as string
    const input = jobs[at + 1]
    const timeoutMs = jobs[at + 3] as number
    const traceparent = jobs[at + 4] as string | undefined
    const values = jobs[at + 5] as WireContext['values'] | undefined
    const tx = new Tx(
      this.worldOf(traceparent ?? '', values, session, timeoutMs),
      name,
      jobs[at + 2] as number,
    )
    return { tx, timeoutMs, body: () => this.whole(tx, input, traceparent) }
  }

  /** The body, what it has hooked before COMMIT, and what it has published. */
  private *whole(tx: Tx, input: unknown, traceparent: string | undefined): Steps<unknown> {
    const definition = (this.catalogue as Catalogue).get(tx.name)
    const body: unknown = definition.body(tx, input)
    if (!isSteps(body)) {
      silence(body)
      throw misuse(
        'TRANSACTION_BODY_INVALID',
        `the body of transaction "${tx.name}" is no generator function`,
      )
    }
    const result = yield* body
    const { beforeCommit, published } = tx.effects
    for (const hook of beforeCommit) {
      const steps = hook()
      if (isSteps(steps)) yield* steps
      else if (isLater(steps)) {
        silence(steps)
        throw misuse(
          'TRANSACTION_FOREIGN_YIELD',
          `beforeCommit of transaction "${tx.name}" gave a promise, for which a transaction does not wait: it may be a generator`,
        )
      }
    }
    if (published.length > 0) yield* insertPublished(tx, published, this.ctx.clock.wallMs(), traceparent)
    return copied(result, `the result of transaction "${tx.name}"`)
  }

  private worldOf(
    traceparent: string,
    values: WireContext['values'] | undefined,
    session: CacheSession,
    remainingMs?: number,
  ): TxWorld {
    const { ctx, input } = this
    const { outputsMax, messageBytesMax } = input.limits
    const keys = this.catalogue?.keys ?? []
    return {
      dialect: input.driver.dialect,
      outputsMax,
      messageBytesMax,
      contextOf: () =>
        fromWire(
          ctx,
          { traceparent, values: values ?? {}, ...(remainingMs === undefined ? {} : { remainingMs }) },
          keys,
        ),
      overlayOf: () => session.transaction(),
    }
  }

  private worldOfGroups(driver: Driver, session: CacheSession): GroupWorld {
    const { board, sessions, ctx, input } = this
    return {
      commitMs: 0,
      driver,
      statementTimeoutMs: input.limits.statementTimeoutMs,
      savepoints: this.savepoints,
      nowMs: () => ctx.clock.nowMs(),
      guard: session,
      doubted: () => this.doubted(session),
      hookFailed: (error) => ctx.log.error({ error }, 'a hook of a transaction has failed'),
      opened: (slot, session) => {
        sessions[slot] = session
      },
      begins: (slot, index) => board.begin(slot, index),
      isStopped: (slot, index) => board.isStopped(slot, index),
      committing: (slot) => board.committing(slot),
      committed: (slot) => board.committed(slot),
      ended: (slot, isInDoubt) => board.ended(slot, isInDoubt),
    }
  }

  /** A server may still commit it: until it cannot, caches hold nothing of what it changes. SQLite knows at once. */
  private doubted(session: CacheSession): void {
    if (this.input.driver.dialect === 'sqlite') return
    const { clock } = this.ctx
    const timer = clock.schedule(clock.nowMs() + this.input.limits.doubtMs, () => {
      this.doubts.delete(timer)
      session.decided()
    })
    this.doubts.add(timer)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  release(): Deferred<void> | undefined {
    const { driver, doubts } = this
    for (const timer of doubts) timer.cancel()
    this.driver = undefined
    if (driver === undefined) return undefined
    for (const session of this.sessions) session?.interrupt()
    return Deferred.from(Promise.allSettled(this.work).then(() => driver.close()))
  }

  get value(): string {
    return this.driver === undefined ? 'closed' : 'open'
  }

  get context(): unknown {
    return undefined
  }
}

function nothing(): void {}

function isSteps(value: unknown): value is Steps<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Steps<unknown>).next === 'function'
}
