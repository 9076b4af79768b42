/**
 * Law: whatever goes wrong with threads, in whichever mix, every submitted job settles exactly once, the books balance, no
 * job is lost that no thread had begun, and nothing is left behind.
 *
 * A random program on real threads: good jobs among such as exit, crash, loop for ever, fail and cannot cross; with
 * cancellations, deadlines, reservations and lists between them. `FAULT_SEED=7` draws the same program again; what the
 * threads make of it is theirs.
 */
import test, { type ExecutionContext } from 'ava'
import type { Reservation, Stage, StageConfig } from '../../../actors/stage/interface.ts'
import { pool } from '../../../actors/stage/pool.ts'
import { isRefused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import type { Context } from '../../../runtime/context/context.ts'
import { createRandom, createSeededRandom, type Random } from '../../../runtime/context/random.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { ThreadLostError } from '../../../runtime/worker/errors.ts'
import { onThread } from '../../../runtime/worker/on-thread.ts'
import { balances } from './support.ts'
import type { Deed } from './thread-jobs.ts'
import { threadJobs, withThreads } from './threaded.ts'

const seed = Number(process.env.FAULT_SEED ?? createRandom().nextUint32() % 1_000_000)
const STEPS = 300

interface Known {
  readonly deed: Deed
  readonly deferred: Deferred<unknown>
  /** Somebody may call it off, or has. */
  isCancelled: boolean
  readonly hasDeadline: boolean
  settled: number
  value: unknown
  error: unknown
}

class Mix {
  readonly known: Known[] = []
  private readonly random: Random
  private readonly ctx: Context
  private readonly stage: Stage<Deed, unknown>
  private readonly slots: Reservation<Deed, unknown>[] = []
  private lastValue = 0
  refused = 0

  constructor(stage: Stage<Deed, unknown>, ctx: Context, random: Random) {
    this.stage = stage
    this.ctx = ctx
    this.random = random
  }

  /** From 0 to `most - 1`. */
  private draw(most: number): number {
    return this.random.nextUint32() % most
  }

  async step(): Promise<void> {
    const what = this.draw(100)
    if (what < 45) this.submit()
    else if (what < 50) this.submitMany()
    else if (what < 56) this.cancelOne()
    else if (what < 62) this.reserve()
    else if (what < 65) this.slots.pop()?.abort()
    else if (what < 69) this.commit()
    else await this.ctx.after(this.draw(12))
  }

  private submit(): void {
    const hasDeadline = this.draw(5) === 0
    const [base, cancel] = this.ctx.withCancel()
    const isCancelled = this.draw(10) === 0
    const ctx = hasDeadline ? base.withTimeout(1 + this.draw(60)) : base
    const deed = this.deed(hasDeadline)
    const result = this.stage.submit(ctx, deed)
    if (isRefused(result)) {
      this.refused += 1
      return
    }
    this.keep(deed, result, isCancelled, hasDeadline)
    if (isCancelled) void this.ctx.after(this.draw(10)).then(() => cancel('as it was drawn'))
  }

  private submitMany(): void {
    const deeds = Array.from({ length: 1 + this.draw(6) }, () => this.deed(false))
    const result = this.stage.submitMany(this.ctx, deeds)
    if (isRefused(result)) this.refused += deeds.length
    else for (const [i, deferred] of result.entries()) this.keep(deeds[i] as Deed, deferred)
  }

  private cancelOne(): void {
    const one = this.known[this.draw(this.known.length || 1)]
    if (one?.deferred.cancel('as it was drawn')) one.isCancelled = true
  }

  private reserve(): void {
    const slot = this.stage.reserve(this.ctx)
    if (isRefused(slot)) this.refused += 1
    else this.slots.push(slot)
  }

  private commit(): void {
    const slot = this.slots.shift()
    if (slot === undefined) return
    const deed = this.deed(false)
    const wasHeld = slot.isHeld
    const deferred = slot.commit(deed)
    if (wasHeld) this.keep(deed, deferred)
    else {
      this.refused += 1
      deferred.catch(() => {})
    }
  }

  private deed(hasDeadline: boolean): Deed {
    const what = this.draw(100)
    const value = this.lastValue++
    if (what < 55) return { do: 'echo', value }
    if (what < 70) return { do: 'wait', ms: this.draw(5), value }
    if (what < 80) return { do: 'block', ms: this.draw(3), value }
    if (what < 87) return { do: 'fail', code: `NO_${value}` }
    if (what < 89) return { do: 'function' }
    if (what < 91) return { do: 'echo', value: (() => {}) as never }
    if (what < 94) return { do: 'exit' }
    if (what < 96) return { do: 'crash' }
    // Only a deadline ends it.
    return hasDeadline ? { do: 'spin' } : { do: 'echo', value }
  }

  private keep(deed: Deed, deferred: Deferred<unknown>, isCancelled = false, hasDeadline = false): void {
    const one: Known = {
      deed,
      deferred,
      isCancelled,
      hasDeadline,
      settled: 0,
      value: undefined,
      error: undefined,
    }
    this.known.push(one)
    deferred.listen(
      (value) => {
        one.settled += 1
        one.value = value
      },
      (error) => {
        one.settled += 1
        one.error = error
      },
    )
  }
}

/** Whether it is an outcome that this job may have. */
function isRight({ deed, isCancelled, hasDeadline, value, error }: Known): boolean {
  const code = codeOf(error)
  if (code === 'CANCELLED') return isCancelled
  if (code === 'DEADLINE_EXCEEDED') return hasDeadline
  // It had been begun when its thread was lost: by its own doing, or by that of one beside it.
  if (error instanceof ThreadLostError) return error.hasBegun
  switch (deed.do) {
    case 'echo':
      return typeof deed.value === 'number' ? value === deed.value : code === 'MESSAGE_NOT_CLONEABLE'
    case 'wait':
    case 'block':
      return value === deed.value
    case 'fail':
      return code === deed.code
    case 'function':
      return code === 'REPLY_NOT_CLONEABLE'
    default:
      return false
  }
}

const ways: Readonly<Record<string, Partial<StageConfig<Deed, unknown>>>> = {
  'as they come': {},
  'in order': { order: 'fifo' },
  'by key, and again if a thread was lost': {
    order: (deed) => ('value' in deed && typeof deed.value === 'number' ? deed.value % 7 : deed.do),
    rerun: 1,
  },
}

for (const [way, config] of Object.entries(ways)) {
  test.serial(
    `every job settles once, whatever becomes of the threads: ${way} (seed ${seed})`,
    withThreads(async (t, system) => {
      t.log(`FAULT_SEED=${seed}`)
      const { ctx } = system
      const work = onThread(threadJobs, 'work', { stuckMs: 60 })
      const stage: Stage<Deed, unknown> = openStage(ctx, {
        admission: false,
        handler: pool(work, { min: 0, max: 2, sampleMs: 10, idleMs: 100 }),
        limits: {
          prefetch: 3,
          queueCapacity: 64,
          jobTimeoutMs: 60_000,
          reservationMs: 30,
          replaceMinMs: 1,
          replaceMaxMs: 20,
        },
        ...config,
      })
      let lost = 0
      stage.events.on('memberLost', () => {
        lost += 1
      })
      const mix = new Mix(stage, ctx, createSeededRandom(seed))
      for (let steps = 0; steps < STEPS; steps++) {
        await mix.step()
        balances(t, stage)
      }
      await stage.close()
      t.log(`${mix.known.length} jobs, ${lost} threads lost`)
      checkAll(t, mix, stage)
    }),
  )
}

function checkAll(t: ExecutionContext, { known, refused }: Mix, stage: Stage<Deed, unknown>): void {
  const wrong = known.filter((one) => one.settled !== 1 || !isRight(one))
  t.deepEqual(
    wrong.map(({ deed, settled, value, error }) => ({ deed, settled, value, code: codeOf(error), error })),
    [],
    `FAULT_SEED=${seed}`,
  )
  const isExpiry = ({ error }: Known) => ['CANCELLED', 'DEADLINE_EXCEEDED'].includes(codeOf(error))
  const completed = known.filter(({ error }) => error === undefined).length
  const expired = known.filter(isExpiry).length
  t.like(stage.statistics(), {
    submitted: known.length + refused,
    completed,
    expired,
    failed: known.length - completed - expired,
    refused,
    queued: 0,
    running: 0,
    reserved: 0,
  })
}
