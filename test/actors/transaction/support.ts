/** A database for tests, on every driver that there is: its own file or its own server's database, and nothing left behind. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { DriverPlan } from '../../../actors/transaction/driver.ts'
import type { Database, DatabaseConfig } from '../../../actors/transaction/interface.ts'
import { openDatabase } from '../../../actors/transaction/open-database.ts'
import { type SqliteConfig, sqlite } from '../../../actors/transaction/sqlite/sqlite.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { actorName } from '../../../runtime/system/names.ts'
import type { AnyEvent } from '../../../runtime/system/ref.ts'
import { type ActorSystem, createSystem } from '../../../runtime/system/system.ts'
import { livingThreads } from '../../../runtime/worker/worker-thread.ts'

export type Bank = Database<typeof import('./bank.ts')>

export const bankModule = new URL('./bank.ts', import.meta.url)

/** Makes a plan of a database that nobody else has, or says why it cannot. */
export type Fresh = (t: ExecutionContext) => Promise<DriverPlan | undefined>

/** A SQLite file in a folder of its own. */
export function freshSqlite(options: Partial<SqliteConfig> = {}): Fresh {
  return async (t) => sqlite({ file: join(folder(t), 'bank.db'), ...options })
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

/** Whether this Node has an SQLite of its own. */
export const hasNodeSqlite = major > 22 || (major === 22 && minor >= 13)

export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'greenroom-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface World {
  readonly system: ActorSystem
  readonly bank: Bank
  /** What the actor named `ledger` was told. */
  readonly heard: AnyEvent[]
}

const Ledger = actorName<AnyEvent>('ledger')

/** A bank of ten accounts, open. Afterwards no actor lives, no timer waits and no thread runs. */
export async function withBank(
  t: ExecutionContext,
  fresh: Fresh,
  config: Partial<DatabaseConfig>,
  body: (world: World) => Promise<void>,
): Promise<void> {
  t.timeout(100_000)
  const driver = await fresh(t)
  if (driver === undefined) return
  const system = createSystem({ log: silentLog })
  const unobserved: unknown[] = []
  system.events.on('unobserved', ({ error }) => unobserved.push(error))
  const heard: AnyEvent[] = []
  const ledger = behaviour({
    initial: 'open',
    states: { open: { '*': (_, event: AnyEvent) => void heard.push(event) } },
  })
  system.spawn(system.ctx, ledger, { as: Ledger })
  try {
    const bank: Bank = await openDatabase(system.ctx, { driver, module: bankModule, ...config })
    await bank.transact(system.ctx, 'found', 10)
    await body({ system, bank, heard })
  } finally {
    await system.stop()
  }
  t.is(system.actors, 0)
  t.is(system.ctx.clock.pending, 0)
  t.is(livingThreads().size, 0)
  t.deepEqual(unobserved, [])
}

/** Each one's value, or its error's code. */
export async function codes(all: readonly PromiseLike<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(all)
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : codeOf(one.reason)))
}

export function pair(cells = 4): Int32Array {
  return new Int32Array(new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT))
}

/** Resolved when a cell is no longer 0. */
export async function raised(flags: Int32Array, index: number): Promise<void> {
  const { value } = (Atomics as unknown as AtomicsOfThisNode).waitAsync(flags, index, 0)
  await value
}

interface AtomicsOfThisNode {
  waitAsync(flags: Int32Array, index: number, value: number): { readonly value: unknown }
}

export function raise(flags: Int32Array, index: number): void {
  Atomics.store(flags, index, 1)
  Atomics.notify(flags, index)
}
