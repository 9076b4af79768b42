/**
 * Transactions in this process, one after another, on a driver of its own: for tools. No thread, no lane, no actor; and nothing
 * is made in the database or migrated, which only the application does.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Access, Driver, DriverPlan, OpenDriver } from '../driver.ts'
import { impossible } from '../errors.ts'
import { defaultDatabaseLimits } from '../limits.ts'
import { drive, now, type Waiting } from '../maybe-later.ts'
import type { Steps } from '../step.ts'
import { BodyRun } from '../thread/run-body.ts'
import { Tx, type TxWorld } from '../thread/tx.ts'

export class DirectDatabase {
  private readonly driver: Driver
  private readonly access: Access
  private readonly ctx: Context
  private readonly world: TxWorld

  private constructor(driver: Driver, plan: DriverPlan, access: Access, ctx: Context) {
    const { outputsMax, messageBytesMax } = defaultDatabaseLimits
    this.driver = driver
    this.access = access
    this.ctx = ctx
    this.world = {
      dialect: plan.dialect,
      outputsMax,
      messageBytesMax,
      contextOf: () => ctx,
      overlayOf() {
        throw impossible('no cache is kept here')
      },
    }
  }

  /** @throws DatabaseError, saying what is wrong with the file or the server. */
  static async open(ctx: Context, plan: DriverPlan, access: Access): Promise<DirectDatabase> {
    const { openDriver } = (await import(plan.module)) as { openDriver: OpenDriver }
    const { rowsMax, statementTimeoutMs, busyTimeoutMs } = defaultDatabaseLimits
    const settings = { access, rowsMax, statementTimeoutMs, busyTimeoutMs }
    return new DirectDatabase(await openDriver(plan.options, settings, ctx), plan, access, ctx)
  }

  /** Runs the body, and commits. What it throws rolls it back. */
  async transact<R>(body: (tx: Tx) => Steps<R>): Promise<R> {
    return await drive(this.inSession(body))
  }

  async close(): Promise<void> {
    await this.driver.close()
  }

  private *inSession<R>(body: (tx: Tx) => Steps<R>): Waiting<R> {
    const { driver, access, ctx, world } = this
    const { timeoutMs, statementTimeoutMs } = defaultDatabaseLimits
    const session = yield* now(driver.begin({ access, isolation: 'read committed' }))
    const tx = new Tx(world, 'greenroom.outbox', 1)
    const run = new BodyRun({
      tx,
      session,
      timeoutMs,
      statementTimeoutMs,
      nowMs: () => ctx.clock.nowMs(),
      isStopped: () => ctx.isCancelled,
    })
    try {
      const result = yield* run.run(body(tx))
      yield* now(session.commit())
      return result
    } catch (error) {
      yield* now(session.rollback())
      throw error
    } finally {
      tx.end()
    }
  }
}
