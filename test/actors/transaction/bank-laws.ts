/**
 * Random transfers, reads and faults, many at once, on real threads: whatever happens, the total is the same at every read, each
 * outcome is true, and the history is serialisable (see history.ts).
 */
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Database } from '../../../actors/transaction/interface.ts'
import { openDatabase } from '../../../actors/transaction/open-database.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { circleIn, type Done } from './history.ts'
import type { Fresh } from './support.ts'
import type { Accesses, Transfer } from './versioned.ts'

type Bank = Database<typeof import('./versioned.ts')>

const ACCOUNTS = 5

const account = fc.integer({ min: 0, max: ACCOUNTS - 1 })
const transfer = fc.record({
  from: account,
  to: account,
  amount: fc.integer({ min: 1, max: 60 }),
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant('none' as const) },
    fc.constantFrom('half' as const, 'end' as const, 'savepoint' as const),
  ),
})

/** What is asked for, and how many of the others are under way then: 0 waits until all have ended. */
const command = fc.record({
  what: fc.oneof({ weight: 4, arbitrary: transfer }, { weight: 1, arbitrary: fc.constant('read' as const) }),
  isCancelled: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, fc.constant(true)),
  inFlight: fc.integer({ min: 1, max: 24 }),
})

export interface LawOptions {
  readonly runs: number
  /** Threads are lost in the middle as well. */
  readonly hasExits: boolean
  /** What had settled before something was asked for comes before it. */
  readonly isStrict: boolean
}

/** Expected of a transfer that is not committed. */
const REASONS: readonly string[] = [
  'OVERDRAFT',
  'FAULT',
  'CANCELLED',
  'TRANSACTION_THREAD_LOST',
  'TRANSACTION_RETRIES_EXHAUSTED',
]

export async function keepsTheBooks(t: ExecutionContext, fresh: Fresh, options: LawOptions): Promise<void> {
  t.timeout(300_000)
  const driver = await fresh(t)
  if (driver === undefined) return
  const system = createSystem({ log: silentLog })
  const { ctx } = system
  const module = new URL('./versioned.ts', import.meta.url)
  const limits = { retryMinMs: 1, retryMaxMs: 20, attemptsMax: 50 }
  const bank: Bank = await openDatabase(ctx, { driver, module, limits })
  await bank.transact(ctx, 'found', ACCOUNTS)
  const history: Done[] = []
  let clock = 0
  let committed = 0

  const run = async (what: Transfer | 'read', isCancelled: boolean): Promise<void> => {
    const askedAt = ++clock
    const asked = what === 'read' ? bank.transact(ctx, 'readAll') : bank.transact(ctx, 'transfer', what)
    if (isCancelled) queueMicrotask(() => void asked.cancel('on purpose'))
    const outcome = await asked.outcome
    const settledAt = ++clock
    if (outcome.status === 'committed') {
      committed += 1
      const { reads, writes, total } = outcome.value as Accesses
      history.push({ name: `${askedAt}`, reads, writes, askedAt, settledAt })
      if (what === 'read') t.is(total, ACCOUNTS * 100)
      else t.true(what.fault === 'none' || what.fault === 'savepoint')
    } else {
      t.is(outcome.status, 'rolledBack')
      t.true(REASONS.includes(codeOf(outcome.error)), codeOf(outcome.error))
    }
  }

  const property = fc.asyncProperty(
    fc.array(command, { minLength: 1, maxLength: 60 }),
    fc.boolean(),
    async (commands, exits) => {
      const running = new Set<Promise<void>>()
      for (const { what, isCancelled, inFlight } of commands) {
        const given =
          exits && options.hasExits && what === commands[0]?.what && what !== 'read'
            ? { ...what, fault: 'exit' as const }
            : what
        if (given !== 'read' && given.from === given.to) continue
        const one = run(given, isCancelled).finally(() => running.delete(one))
        running.add(one)
        if (running.size >= inFlight) await Promise.race(running)
      }
      await Promise.all(running)
      await run('read', false)
      // Versions go on from run to run, so the history is one.
      const circle = circleIn(history, options.isStrict)
      if (circle !== undefined) throw new Error(`not serialisable: ${circle.join(' -> ')}`)
    },
  )
  try {
    await fc.assert(property, { numRuns: options.runs, endOnFailure: true })
  } finally {
    await system.stop()
  }
  t.true(committed > options.runs)
  t.log(`${committed} committed of ${clock / 2}`)
  t.is(system.actors, 0)
  t.is(system.ctx.clock.pending, 0)
}
