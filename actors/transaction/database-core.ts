/**
 * The database itself, at home: which lane a transaction goes to, and what becomes of what it leaves behind.
 *
 * Rules: whoever cannot be served is told at the door, before anything is made for it. Books are made up before anybody is told.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Host, Logic } from '../../runtime/system/logic.ts'
import type { Drain, Ref } from '../../runtime/system/ref.ts'
import type { ActorSystem, System } from '../../runtime/system/system.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { HomeCache } from './cache/cache.ts'
import { Versions } from './cache/versions.ts'
import type { DriverPlan } from './driver.ts'
import { misuse, TransactionError, TransactionRefusedError } from './errors.ts'
import type { DatabaseStatistics, TransactOptions } from './interface.ts'
import { Lane, type LaneOffice } from './lane.ts'
import type { LaneThread, ThreadOffice } from './lane-thread.ts'
import type { DatabaseLimits } from './limits.ts'
import { type RelayEvent, WAKE } from './outbox/relay.ts'
import type { TransactionOutcome } from './outcome.ts'
import { copied } from './plain-data.ts'
import { Release } from './release.ts'
import type { Report } from './report.ts'
import { type Listed, unknownName } from './thread/catalogue.ts'
import type { Opened } from './thread/messages.ts'
import { type Group, Ticket, type TicketJob } from './ticket.ts'
import { Transaction } from './transaction.ts'
import { type Office, type TransactionInput, transactionLogic } from './transaction-actor.ts'

export class DatabaseCore implements LaneOffice, Office {
  readonly ctx: Context
  readonly limits: DatabaseLimits
  readonly plan: DriverPlan
  private readonly system: ActorSystem
  private readonly moduleUrl: string
  private readonly write: Lane
  /** The same, where there are no readers. */
  private readonly read: Lane
  private readonly releaser: Release
  /** Of what all caches of the database hold. */
  readonly versions: Versions
  readonly cache: HomeCache
  /** Delivers what is published, where there is anywhere to deliver it. */
  private relay: Ref<RelayEvent> | undefined = undefined
  private host: Host | undefined = undefined
  private opened: Opened | undefined = undefined
  private isClosing = false
  private isAwake = false
  private live = 0
  /** Until commits in doubt are decided. */
  private readonly doubts: Set<Timer> = new Set()
  private readonly counts = {
    submitted: 0,
    committed: 0,
    rolledBack: 0,
    unknown: 0,
    refused: 0,
    retries: 0,
    groups: 0,
    grouped: 0,
    published: 0,
  }

  constructor(
    ctx: Context,
    system: ActorSystem,
    plan: DriverPlan,
    moduleUrl: string,
    limits: DatabaseLimits,
  ) {
    this.ctx = ctx
    this.system = system
    this.plan = plan
    this.moduleUrl = moduleUrl
    this.limits = limits
    this.write = new Lane(this, plan.commitsGroups)
    this.read =
      plan.readers > 0 ? new Lane({ ...readsOf(this), ctx, limits }, plan.commitsGroups) : this.write
    this.versions = Versions.create({ writers: plan.writers })
    this.cache = new HomeCache({
      ctx,
      versions: this.versions,
      run: (asker, name, input) => this.query(asker, name, input),
      entriesMax: limits.cacheEntries,
      timeoutMs: limits.waitMs + limits.timeoutMs,
    })
    this.releaser = new Release(system.registry, {
      onNobody: (to, event) => this.nobody(to, event),
      onFailed: (error) => this.hookFailed(error, 'the release of what a transaction has emitted'),
    })
  }

  // ── The door ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param isOwn - greenroom's own, which a database that is closing still runs. */
  transact(
    ctx: Context,
    name: string,
    input: unknown,
    options?: TransactOptions,
    isOwn = false,
  ): Transaction<unknown> {
    const transaction = new Transaction<unknown>(name, ctx.failures)
    try {
      this.begin(ctx, transaction, input, options, isOwn)
    } catch (error) {
      transaction.ended({ status: 'rolledBack', error, attempts: 0, hookFailures: [] })
    }
    return transaction
  }

  private begin(
    ctx: Context,
    transaction: Transaction<unknown>,
    input: unknown,
    options: TransactOptions | undefined,
    isOwn: boolean,
  ): void {
    const { host, opened } = this
    const { name } = transaction
    if (host === undefined || opened === undefined || (this.isClosing && !isOwn)) throw this.closed(name)
    if (!Object.hasOwn(opened.transactions, name)) {
      throw unknownName(this.moduleUrl, name, Object.keys(opened.transactions))
    }
    if (ctx.isCancelled) throw ctx.failure()
    const { readOnly, isolation } = opened.transactions[name] as Listed
    const lane = readOnly ? this.read : this.write
    if (lane.isFull) throw this.full(name, lane)
    const job: TicketJob = {
      ctx,
      name,
      input: copied(input, `the input of transaction "${name}"`),
      access: readOnly ? 'read' : 'write',
      isolation,
      timeoutMs: this.timeoutOf(options),
      traceparent: ctx.traceparent,
      values: this.valuesOf(ctx),
    }
    const ticket = new Ticket(lane, job, this.ctx.clock.nowMs())
    const actor: TransactionInput = { transaction, ticket, ctx, hooks: options?.hooks, office: this }
    try {
      host.spawnChild(ctx.withoutCancel(), transactionLogic, { input: actor })
    } catch {
      // Its actor is just ending.
      throw this.closed(name)
    }
    this.counts.submitted += 1
    this.live += 1
    lane.enter(ticket)
  }

  /** @throws UsageError (`TRANSACTION_OPTION_INVALID`) */
  private timeoutOf(options: TransactOptions | undefined): number {
    const { timeoutMs } = this.limits
    if (options === undefined) return timeoutMs
    const unknown = Object.keys(options).find((name) => !TRANSACT_OPTIONS.includes(name))
    if (unknown !== undefined) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `no option of transact is named "${unknown}"; there are ${TRANSACT_OPTIONS.join(', ')}`,
      )
    }
    const own = options.timeoutMs
    if (own === undefined) return timeoutMs
    if (Number.isFinite(own) && own > 0) return Math.min(own, timeoutMs)
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `timeoutMs of a transaction is more than 0 ms, not ${String(own)}`,
    )
  }

  /** What stands in its context under portable keys that the module asks for. */
  private valuesOf(ctx: Context): Record<string, string> | undefined {
    const names = this.opened?.keys ?? []
    if (names.length === 0) return undefined
    const values: Record<string, string> = {}
    for (const key of ctx.keys() as AnyKey[]) {
      if (key.codec === undefined || !names.includes(key.name) || Object.hasOwn(values, key.name)) continue
      values[key.name] = key.codec.encode(ctx.find(key))
    }
    return values
  }

  /** For the cache: who is answered from it runs nothing, so what is run may change nothing. */
  private query(ctx: Context, name: string, input: unknown): Deferred<unknown> {
    if (this.opened?.transactions[name]?.readOnly !== false) return this.transact(ctx, name, input)
    const message = `transaction "${name}" may change something: a cache reads by what query(...) makes`
    return Deferred.fail(misuse('TRANSACTION_OPTION_INVALID', message))
  }

  private closed(name: string): TransactionError {
    return new TransactionError(
      'TRANSACTION_CLOSED',
      `the database is closed: transaction "${name}" was not begun`,
    )
  }

  private full(name: string, lane: Lane): TransactionRefusedError {
    this.counts.refused += 1
    const { queueCapacity } = this.limits
    const message = `transaction "${name}" was refused: ${queueCapacity} of ${queueCapacity} wait (queueCapacity)`
    return new TransactionRefusedError('TRANSACTION_QUEUE_FULL', message, lane.retryAfterMs)
  }

  // ── Office of transactions ─────────────────────────────────────────────────────────────────────────────────────

  withdraw(ticket: Ticket): boolean {
    return ticket.lane.withdraw(ticket)
  }

  release(ctx: Context, { emits }: Report): void {
    if (emits !== undefined) this.releaser.release(ctx, emits)
  }

  ended({ status }: TransactionOutcome<unknown>): void {
    this.counts[status] += 1
    this.live -= 1
    if (this.isClosing) this.endIfDone()
  }

  hookFailed(error: unknown, during: string): void {
    this.system.events.emit('listenerFailed', { error, during })
  }

  giveUp(ticket: Ticket): boolean {
    const { group } = ticket
    if (group !== undefined) return group.thread.giveUp(group)
    ticket.lane.withdraw(ticket)
    return false
  }

  private nobody(to: string, event: EventObject): void {
    this.ctx.log.debug({ to, event: event.type }, 'nobody is there for what a transaction has emitted')
  }

  // ── Office of lanes ────────────────────────────────────────────────────────────────────────────────────────────

  wake(): void {
    if (this.isAwake || this.host === undefined) return
    this.isAwake = true
    this.host.resumeLater()
  }

  grouped(tickets: number, published: number): void {
    if (tickets > 0) this.counts.groups += 1
    this.counts.grouped += tickets
    this.counts.published += published
    if (published > 0) this.relay?.send(this.ctx, WAKE)
  }

  retried(): void {
    this.counts.retries += 1
  }

  // ── Its actor ──────────────────────────────────────────────────────────────────────────────────────────────────

  attach(host: Host): void {
    this.host = host
  }

  /** Its threads, as they were spawned. */
  staff(writers: readonly LaneThread[], readers: readonly LaneThread[]): void {
    this.write.threads = writers
    if (this.read !== this.write) this.read.threads = readers
  }

  /** What a thread of a lane tells. */
  officeOf(access: 'write' | 'read'): ThreadOffice {
    const lane = access === 'write' ? this.write : this.read
    return {
      ctx: this.ctx,
      limits: this.limits,
      opened: (opened) => {
        this.opened ??= opened
        lane.trouble = undefined
        this.wake()
      },
      notOpened: (error) => {
        lane.trouble = error
        this.ctx.log.warn({ error }, 'a database thread cannot open its database, and tries again')
      },
      settled: (group, answer) => lane.settled(group, answer),
      unsettled: (group: Group, fate) => lane.unsettled(group, fate),
      doubted: () => this.doubted(),
      reborn: () => {
        if (access !== 'write') return
        // What was in doubt already when it was lost may be so still.
        this.doubted()
        this.versions.recover(0)
      },
    }
  }

  /** A server may still carry out what it was told to: until it cannot, nobody uses what is cached. */
  private doubted(): void {
    if (this.plan.dialect === 'sqlite') return
    const { clock } = this.ctx
    this.versions.suspend()
    const timer = clock.schedule(clock.nowMs() + this.limits.doubtMs, () => {
      this.doubts.delete(timer)
      this.versions.resume()
    })
    this.doubts.add(timer)
  }

  /** It is open: the relay may begin. */
  startRelay(logic: Logic<RelayEvent, typeof System>): void {
    const { host, ctx } = this
    if (host === undefined) return
    const relay = host.spawnChild(ctx, logic, RELAY) as Ref<RelayEvent>
    this.relay = relay
    const gone = () => {
      this.relay = undefined
      if (this.isClosing) this.endIfDone()
    }
    relay.watch().listen(gone, gone)
  }

  step(): void {
    this.isAwake = false
    this.write.dispatch()
    if (this.read !== this.write) this.read.dispatch()
  }

  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    this.relay?.send(this.ctx, DRAIN)
    this.endIfDone()
  }

  /** Its actor is no more. */
  over(): void {
    this.isClosing = true
    this.host = undefined
    for (const timer of this.doubts) timer.cancel()
    this.write.stop()
    if (this.read !== this.write) this.read.stop()
  }

  get isOpen(): boolean {
    return !this.isClosing && this.host !== undefined
  }

  statistics(): DatabaseStatistics {
    const { write, read } = this
    const isOne = read === write
    return {
      queued: write.queued + (isOne ? 0 : read.queued),
      running: write.underWay + (isOne ? 0 : read.underWay),
      ...this.counts,
      groupSize: write.size.now,
    }
  }

  private endIfDone(): void {
    if (this.live === 0 && this.relay === undefined) this.host?.requestStop('closed')
  }
}

/** Groups of readers commit nothing. */
function readsOf(core: DatabaseCore): Pick<LaneOffice, 'wake' | 'grouped' | 'retried'> {
  return { wake: () => core.wake(), grouped: () => {}, retried: () => core.retried() }
}

const TRANSACT_OPTIONS: readonly string[] = ['timeoutMs', 'hooks']

const DRAIN: Drain = { type: 'drain' }

/** It keeps nothing that the table does not have. */
const RELAY = {
  name: 'outbox',
  restart: { policy: 'permanent', backoff: { minMs: 100, maxMs: 10_000 } },
} as const
