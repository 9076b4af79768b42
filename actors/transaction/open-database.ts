/**
 * Opens a database: its threads, its migrations, its actor.
 *
 *     const database = await openDatabase<typeof import('./transfers.ts')>(system.ctx, {
 *       driver: sqlite({ file: 'ledger.db' }),
 *       module: new URL('./transfers.ts', import.meta.url),
 *     })
 *     const receipt = await database.transact(ctx, 'transfer', { from, to, amount })
 */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { codeOf } from '../../runtime/errors.ts'
import type { Spawn } from '../../runtime/system/logic.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { System } from '../../runtime/system/system.ts'
import { databaseLogic } from './database-actor.ts'
import { DatabaseCore } from './database-core.ts'
import { misuse, TransactionError } from './errors.ts'
import type { Database, DatabaseConfig, DatabaseEvent } from './interface.ts'
import type { LaneThread } from './lane-thread.ts'
import { resolveDatabaseLimits } from './limits.ts'
import { readMigrations } from './migrations.ts'
import { type OutboxStore, outboxStore } from './outbox/outbox-store.ts'
import { relay } from './outbox/relay.ts'
import type { RelayReport } from './outbox/relay-report.ts'

const OPTIONS: readonly string[] = [
  'driver',
  'module',
  'migrations',
  'destinations',
  'outbox',
  'name',
  'limits',
  'spawn',
]

/**
 * Settles when the database is open and its migrations are applied. It ends with `ctx` at the latest; `system.stop()` lets it
 * finish what it has, within the grace time.
 *
 * Fails with `DatabaseError` where the database cannot be opened or migrated, with `ThreadError` where a thread or the module
 * cannot be loaded.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`) naming the option, its value and its bounds, or one that is unknown.
 */
// biome-ignore lint/suspicious/noExplicitAny: a module of which the type is not given
export function openDatabase<M = any>(
  ctx: Context<typeof System>,
  config: DatabaseConfig,
): Deferred<Database<M>> {
  for (const name of Object.keys(config)) {
    if (!OPTIONS.includes(name)) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `no option of openDatabase is named "${name}"; there are ${OPTIONS.join(', ')}`,
      )
    }
  }
  const { driver, module, name = 'database' } = config
  if (typeof driver?.module !== 'string') {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      'option driver of openDatabase is what sqlite(...) or postgres(...) gives',
    )
  }
  if (!URL.canParse(`${module}`)) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `option module of openDatabase is a URL, as new URL('./transfers.ts', import.meta.url), not ${String(module)}`,
    )
  }
  const system = ctx.get(System)
  const limits = resolveDatabaseLimits(config.limits)
  const migrations =
    config.migrations === undefined ? undefined : readMigrations(config.migrations, driver.dialect)
  const own = ctx as unknown as Context
  const { destinations = {}, outbox = {} } = config
  const hasDestinations = Object.keys(destinations).length > 0
  const delivery = relay({ store: storeOf(() => core), destinations, limits: outbox, report: reportTo(own) })
  const core = new DatabaseCore(own, system, driver, `${module}`, limits)
  const opening = new Deferred<Database<M>>((reason) => void ref.stop(reason), ctx.failures)
  let threads: readonly LaneThread[] = []
  let first: readonly LaneThread[] = []
  const spec = {
    core,
    module: `${module}`,
    migrations,
    onStaffed(writers: readonly LaneThread[], readers: readonly LaneThread[]) {
      first = writers
      threads = readers
    },
  }
  const spawn: Spawn = config.spawn ?? system.spawn
  const ref = spawn(own, databaseLogic(spec), { name }) as Ref<DatabaseEvent>
  // Told when nothing of it is left: who opens another may give it the same name.
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown): void => {
    if (failure !== undefined) return
    // Its actor has ended while a thread was asked: that is the reason, and not what became of the question.
    failure = { error: codeOf(error).startsWith('ASK_') ? ended(error) : error }
    const reject = () => opening.reject(failure?.error)
    ref.stop(error).then(reject, reject)
  }
  ref
    .watch()
    .listen(
      ({ reason }) =>
        fail(
          reason.kind === 'failed'
            ? reason.error
            : ended(reason.kind === 'stopped' ? reason.reason : undefined),
        ),
      fail,
    )
  const opened = () => {
    if (hasDestinations) core.startRelay(delivery)
    opening.resolve(faceOf<M>(core, ref))
  }
  // Readers find what the writer has made.
  openAll(first, () => openAll(threads, opened, fail), fail)
  return opening
}

function openAll(
  threads: readonly LaneThread[],
  onOpen: () => void,
  onError: (error: unknown) => void,
): void {
  let missing = threads.length
  if (missing === 0) onOpen()
  for (const thread of threads) {
    thread.open().listen(() => {
      missing -= 1
      if (missing === 0) onOpen()
    }, onError)
  }
}

function faceOf<M>(core: DatabaseCore, ref: Ref<DatabaseEvent>): Database<M> {
  return {
    ref,
    driver: core.plan,
    cache: core.cache,
    transact: (ctx: Context, name: string, input?: unknown, options?: never) =>
      core.transact(ctx, name, input, options),
    statistics: () => core.statistics(),
    close() {
      ref.send(core.ctx, { type: 'closeDatabase' })
      return ref.watch().then(() => {})
    },
  } as unknown as Database<M>
}

function ended(reason: unknown): TransactionError {
  return new TransactionError('TRANSACTION_CLOSED', 'the database was closed while it was opened', {
    cause: reason,
  })
}

/** The relay's own transactions are run as long as there is anything to deliver. */
function storeOf(core: () => DatabaseCore): OutboxStore {
  return outboxStore((ctx, name, input) => core().transact(ctx, name, input, undefined, true))
}

/** A message that is dead waits for somebody; what will be tried again does not. */
function reportTo({ log }: Context): (report: RelayReport) => void {
  return (report) => {
    if (report.type === 'died') log.warn(report, `message ${report.id} of the outbox is dead`)
    else log.debug(report, `outbox: ${report.type}`)
  }
}
