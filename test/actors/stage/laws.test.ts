/**
 * Laws, over random programs of submissions, cancellations, crashes and time, for every kind of handler and order:
 *
 * - every job is settled once, and the books balance after every step;
 * - a job is begun once, unless the member that had it was lost before it began, and never after it was settled;
 * - no more are under way than may be, of a key one at most; fifo is answered in order;
 * - a job that nobody calls off, and whose context has no deadline, gets an outcome;
 * - when the stage has closed nothing is left: no actor, no timer, no failure unseen.
 */
import test from 'ava'
import fc from 'fast-check'
import { batched } from '../../../actors/stage/batched.ts'
import type { Reservation, Stage, StageConfig } from '../../../actors/stage/interface.ts'
import type { Outcome } from '../../../actors/stage/outcome.ts'
import { pool } from '../../../actors/stage/pool.ts'
import { isRefused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { ThreadLostError } from '../../../runtime/worker/errors.ts'
import { World } from '../../runtime/system/world.ts'

const kinds = ['function', 'batched', 'jobs', 'batches'] as const
const orders = ['none', 'fifo', 'key'] as const
/** What comes of a piece of work. */
const ends = ['ok', 'fail', 'lostUnbegun', 'lostBegun', 'crash'] as const

interface Job {
  readonly id: number
  readonly key: number
}

/** One job, as the program knows it. */
interface Known {
  readonly job: Job
  readonly deferred: Deferred<number>
  readonly cancel: (() => void) | undefined
  readonly hasDeadline: boolean
  settled: number
  code: unknown
}

/** One piece of work under way. */
interface Work {
  readonly jobs: readonly Job[]
  readonly result: Deferred<unknown>
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      key: fc.nat(3),
      context: fc.constantFrom('plain', 'deadline', 'cancellable'),
      class: fc.constantFrom('high', 'low'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('submitMany' as const), jobs: fc.nat(4) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(9),
      how: fc.constantFrom(...ends),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(30), how: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      next: fc.constantFrom('commit', 'abort', 'keep'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

class Program {
  readonly world = new World()
  readonly known: Known[] = []
  readonly open: Work[] = []
  readonly begun = new Map<number, number>()
  readonly answered: number[] = []
  readonly stage: Stage<Job, number>
  private readonly slots: Reservation<Job, number>[] = []
  private lastId = 0
  private crashing: unknown = undefined

  private readonly kind: (typeof kinds)[number]
  private readonly order: (typeof orders)[number]
  private readonly rerun: number

  constructor(kind: (typeof kinds)[number], order: (typeof orders)[number], rerun: number) {
    this.kind = kind
    this.order = order
    this.rerun = rerun
    const config: StageConfig<Job, number> = {
      handler: this.handler(),
      order: order === 'key' ? ({ key }: Job) => key : order,
      classes: { high: {}, low: {} },
      admission: { targetMs: 200 },
      limits: {
        concurrency: 2,
        queueCapacity: 12,
        prefetch: 2,
        jobTimeoutMs: 60_000,
        reservationMs: 100,
        replaceMinMs: 10,
        replaceMaxMs: 20,
      },
      rerun,
      ...(kind === 'batched' || kind === 'batches' ? { batch: { initial: 3, batchMax: 4 } } : {}),
    }
    this.stage = openStage(this.world.ctx, config)
  }

  private handler(): StageConfig<Job, number>['handler'] {
    const begin = (jobs: readonly Job[]) => this.begin(jobs)
    if (this.kind === 'function') return (job) => begin([job]) as Deferred<number>
    if (this.kind === 'batched') {
      return batched((jobs) => begin(jobs.map(({ job }) => job)) as Deferred<readonly Outcome<number>[]>)
    }
    const member = behaviour({
      initial: 'up',
      states: {
        up: {
          job: (_, { job }: { job: Job }): Deferred<number> => begin([job]) as Deferred<number>,
          batch: (_, { jobs }: { jobs: readonly Job[] }) => begin(jobs),
        },
      },
    })
    const options = { min: 0, max: 2, sampleMs: 10, idleMs: 50 }
    const takes = this.kind === 'jobs' ? 'jobs' : 'batches'
    return pool(member, { ...options, takes } as never) as unknown as StageConfig<Job, number>['handler']
  }

  private begin(jobs: readonly Job[]): Deferred<unknown> {
    if (this.crashing !== undefined) {
      const error = this.crashing
      this.crashing = undefined
      for (const { id } of jobs) this.begun.set(id, (this.begun.get(id) ?? 0) + 1)
      throw error
    }
    for (const { id, key } of jobs) {
      this.begun.set(id, (this.begun.get(id) ?? 0) + 1)
      if (this.known[id]?.settled) throw new Error(`begun after it was settled: ${id}`)
      const others = this.open.flatMap((work) => work.jobs).filter((job) => job.key === key)
      if (this.order === 'key' && others.length > 0) throw new Error(`two of key ${key} are under way`)
    }
    const work: Work = { jobs, result: new Deferred<unknown>() }
    // What nobody waits for any more is over as well: a member's work is cancelled with its question.
    const left = () => {
      const at = this.open.indexOf(work)
      if (at !== -1) this.open.splice(at, 1)
    }
    work.result.listen(left, left)
    this.open.push(work)
    return work.result
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'submit': {
        const [base, cancel] = this.world.ctx.withCancel()
        const contexts = {
          plain: this.world.ctx,
          cancellable: base,
          deadline: this.world.ctx.withTimeout(60),
        }
        const ctx: Context = contexts[step.context as keyof typeof contexts]
        const job = this.make(step.key)
        const result = this.stage.submit(ctx, job, { class: step.class })
        if (isRefused(result)) this.unmake()
        else this.keep(job, result, () => cancel(), step.context === 'deadline')
        break
      }
      case 'submitMany': {
        const jobs = Array.from({ length: step.jobs }, (_, key) => this.make(key))
        const result = this.stage.submitMany(this.world.ctx, jobs)
        if (isRefused(result)) for (const _ of jobs) this.unmake()
        else for (const [i, deferred] of result.entries()) this.keep(jobs[i] as Job, deferred, undefined)
        break
      }
      case 'end':
        this.end(step.which, step.how)
        break
      case 'cancel': {
        const one = this.known[step.which]
        if (step.how === 0) one?.deferred.cancel()
        else one?.cancel?.()
        break
      }
      case 'reserve': {
        const slot = this.stage.reserve(this.world.ctx)
        if (isRefused(slot)) break
        if (step.next === 'keep') this.slots.push(slot)
        else if (step.next === 'abort') slot.abort()
        else this.commit(slot)
        break
      }
      case 'commit': {
        const slot = this.slots.shift()
        if (slot !== undefined) this.commit(slot)
        break
      }
      case 'wait':
        await this.world.advance(step.ms)
        break
      case 'settle':
        await this.world.settle()
    }
    this.check()
  }

  private commit(slot: Reservation<Job, number>): void {
    const job = this.make(0)
    this.keep(job, slot.commit(job), undefined)
  }

  private make(key: number): Job {
    return { id: this.lastId++, key }
  }

  private unmake(): void {
    this.lastId -= 1
  }

  private keep(
    job: Job,
    deferred: Deferred<number>,
    cancel: (() => void) | undefined,
    hasDeadline = false,
  ): void {
    const one: Known = { job, deferred, cancel, hasDeadline, settled: 0, code: undefined }
    this.known[job.id] = one
    deferred.listen(
      () => {
        one.settled += 1
        this.answered.push(job.id)
      },
      (error) => {
        one.settled += 1
        one.code = codeOf(error)
        if (error instanceof RangeError) this.answered.push(job.id)
      },
    )
  }

  end(which: number, how: (typeof ends)[number]): void {
    const work = this.open[which % Math.max(1, this.open.length)]
    if (work === undefined) return
    const { result, jobs } = work
    const isMember = this.kind === 'jobs' || this.kind === 'batches'
    if (how === 'crash') {
      this.crashing = new TypeError('crash')
    } else if (how === 'fail' || (how !== 'ok' && !isMember)) {
      result.reject(new RangeError('no'))
    } else if (how === 'ok') {
      result.resolve(this.outcomeOf(jobs))
    } else {
      const hasBegun = how === 'lostBegun'
      // Nothing was done: it may be begun again.
      if (!hasBegun) for (const { id } of jobs) this.begun.set(id, (this.begun.get(id) as number) - 1)
      result.reject(new ThreadLostError('member', hasBegun, new Error('gone')))
    }
  }

  private outcomeOf(jobs: readonly Job[]): unknown {
    const isBatch = this.kind === 'batched' || this.kind === 'batches'
    return isBatch ? jobs.map(({ id }) => ({ ok: true, value: id })) : jobs[0]?.id
  }

  check(): void {
    const { submitted, completed, failed, refused, expired, queued, running, reserved } =
      this.stage.statistics()
    const left = completed + failed + refused + expired
    if (left + queued + running !== submitted)
      throw new Error(`${left} + ${queued} + ${running} != ${submitted}`)
    // What was under way and comes back is not refused: of two members, as many as each may have.
    const backMax = 2 * (this.kind === 'batches' ? 4 : 2)
    if (queued + reserved > 12 + backMax) throw new Error(`${queued} wait`)
    for (const [id, times] of this.begun)
      if (times > 1 + this.rerun) throw new Error(`${id} was begun ${times} times`)
    for (const { settled, job } of this.known)
      if (settled > 1) throw new Error(`${job.id} was settled ${settled} times`)
    if (this.order !== 'fifo') return
    const isOrdered = this.answered.every((id, i) => i === 0 || id > (this.answered[i - 1] as number))
    if (!isOrdered) throw new Error(`answered ${this.answered}`)
  }

  /** Closes the stage, and lets everything come to its end. */
  async close(): Promise<void> {
    const closed = this.stage.close()
    for (let rounds = 0; !this.isOver(closed); rounds++) {
      if (rounds > 200) throw new Error('it does not come to its end')
      this.crashing = undefined
      for (const { result, jobs } of [...this.open]) result.resolve(this.outcomeOf(jobs))
      await this.world.advance(20)
      this.check()
    }
    const { submitted, completed, failed, refused, expired } = this.stage.statistics()
    const codes = this.known.map(({ code }) => code)
    const patient = this.known.find(({ hasDeadline, code }) => !hasDeadline && code === 'DEADLINE_EXCEEDED')
    if (patient !== undefined) throw new Error(`${patient.job.id} was forgotten`)
    const isExpiry = (code: unknown) => code === 'CANCELLED' || code === 'DEADLINE_EXCEEDED'
    const late = codes.filter((code) => code === 'STAGE_RESERVATION_OVER').length
    const counted = {
      completed: codes.filter((code) => code === undefined).length,
      expired: codes.filter(isExpiry).length,
      taken: codes.length - late,
    }
    if (
      counted.completed !== completed ||
      counted.expired !== expired ||
      counted.taken !== submitted - refused
    ) {
      throw new Error(
        `${JSON.stringify(counted)}: ${JSON.stringify(this.stage.statistics())}, ${failed} failed`,
      )
    }
  }

  private isOver(closed: Deferred<void>): boolean {
    return !closed.isPending && this.known.every(({ settled }) => settled === 1)
  }
}

for (const kind of kinds) {
  test(`the laws hold for ${kind}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...orders),
        fc.nat(1),
        fc.array(step, { maxLength: 100, size: 'max' }),
        async (order, rerun, steps) => {
          const program = new Program(kind, order, rerun)
          for (const one of steps) await program.take(one)
          await program.close()
          const { world } = program
          world.log.length = 0
          await world.end({
            notThrows: (run: () => void) => run(),
            deepEqual(actual: unknown[]) {
              if (actual.length > 0) throw actual[0]
            },
          } as never)
        },
      ),
      { numRuns: 150 },
    )
    t.pass()
  })
}
