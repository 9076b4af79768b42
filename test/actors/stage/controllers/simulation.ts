/**
 * A stage in simulated time: open-loop arrivals, one queue, servers, and the real controllers. Arrivals do not wait for
 * answers, and latency counts from entry. Everything random comes from one seed: the same scenario gives the same run.
 */
import { Admission } from '../../../../actors/stage/controllers/admission.ts'
import type { AdmissionDecision } from '../../../../actors/stage/controllers/admission-controller.ts'
import {
  type AdmissionOptions,
  resolveAdmissionOptions,
} from '../../../../actors/stage/controllers/admission-options.ts'
import { percentile } from '../../../../actors/stage/controllers/percentile-window.ts'
import {
  initialPool,
  type PoolDecision,
  poolStep,
} from '../../../../actors/stage/controllers/pool-controller.ts'
import { type PoolOptions, resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'
import { createSeededRandom, nextFraction, type Random } from '../../../../runtime/context/random.ts'

/** `bursts`: all arrivals of a period of `burstMs` come in its first quarter, at four times the rate. */
export type Arrivals = 'constant' | 'poisson' | 'bursts'

export interface Scenario {
  /** How many there are; with a pool, how many one load is measured by. */
  readonly servers: number
  readonly serviceMs: number
  readonly times: 'constant' | 'exponential'
  readonly targetMs: number
  /** Offered load, in capacities: the jobs that `servers` can do. May change over time. */
  readonly load: number | ((nowMs: number) => number)
  readonly arrivals: Arrivals
  readonly seconds: number
  /** What ends before is not measured. */
  readonly warmSeconds: number
  readonly seed: number
  /** Default: on. */
  readonly admission?: AdmissionOptions | false
  /** Instead of admission: so many jobs may be inside. */
  readonly insideMax?: number
  readonly burstMs?: number
  /** Instead of `serviceMs`: the mean for a job that starts now, as one of so many. */
  readonly serviceAt?: (nowMs: number, running: number) => number
  /** The servers are a pool's members, each ready `startMs` after it was called for. */
  readonly pool?: PoolOptions & { readonly startMs: number }
  readonly onAdmission?: (decision: AdmissionDecision) => void
  readonly onPool?: (decision: PoolDecision) => void
}

export interface Outcome {
  readonly offered: number
  readonly refused: number
  /** Done within the target, in capacities. */
  readonly goodput: number
  /** Of the admitted. */
  readonly p90Ms: number
  readonly retryAfterMs: readonly number[]
  /** Of a pool, at the end. */
  readonly members: number
}

const TICK_MS = 100

export function simulate(scenario: Scenario): Outcome {
  return new Simulation(scenario).run()
}

interface Running {
  readonly enteredMs: number
  readonly startedMs: number
  readonly endsMs: number
}

class Simulation {
  private readonly scenario: Scenario
  private readonly arrivals: Random
  private readonly services: Random
  private readonly admission: Admission | undefined
  private readonly pool: SimulatedPool | undefined
  private readonly queue: number[] = []
  private head = 0
  private readonly running: Running[] = []
  private readonly latencies: number[] = []
  private readonly retries: number[] = []
  private offered = 0

  constructor(scenario: Scenario) {
    const { seed, targetMs, admission = {}, pool } = scenario
    this.scenario = scenario
    this.arrivals = createSeededRandom(seed)
    this.services = createSeededRandom(seed + 1_000_003)
    if (admission !== false) {
      this.admission = new Admission(resolveAdmissionOptions({ targetMs, ...admission }))
    }
    if (pool !== undefined) this.pool = new SimulatedPool(pool, scenario.onPool)
  }

  run(): Outcome {
    const { seconds, warmSeconds, servers, serviceMs, targetMs } = this.scenario
    let arrivalMs = this.nextArrivalMs(0)
    let tickMs = 0
    for (;;) {
      const next = this.nextEnd()
      const nowMs = Math.min(arrivalMs, tickMs, next?.endsMs ?? Number.POSITIVE_INFINITY)
      if (nowMs > seconds * 1_000) break
      if (nowMs === next?.endsMs) this.end(next)
      else if (nowMs === tickMs) {
        this.tick(nowMs)
        tickMs += TICK_MS
      } else {
        this.arrive(nowMs)
        arrivalMs = this.nextArrivalMs(nowMs)
      }
      this.start(nowMs)
    }
    const good = this.latencies.filter((ms) => ms <= targetMs * (1 + 1e-9)).length
    return {
      offered: this.offered,
      refused: this.retries.length,
      goodput: good / ((servers / serviceMs) * (seconds - warmSeconds) * 1_000),
      p90Ms: percentile(this.latencies, 0.9) ?? 0,
      retryAfterMs: this.retries,
      members: this.pool?.ready ?? servers,
    }
  }

  private get servers(): number {
    return this.pool?.ready ?? this.scenario.servers
  }

  private load(nowMs: number) {
    return {
      nowMs,
      queued: this.queue.length - this.head,
      running: this.running.length,
      servers: this.servers,
    }
  }

  private arrive(nowMs: number): void {
    const { insideMax = Number.POSITIVE_INFINITY } = this.scenario
    const isMeasured = nowMs >= this.scenario.warmSeconds * 1_000
    const load = this.load(nowMs)
    const isRoom = load.queued + load.running < insideMax
    const retryMs = this.admission?.offer(0, 1, load) ?? (isRoom ? 0 : 1)
    if (isMeasured) this.offered += 1
    if (retryMs === 0) this.queue.push(nowMs)
    else {
      this.pool?.refused()
      if (isMeasured) this.retries.push(retryMs)
    }
  }

  private start(nowMs: number): void {
    const { serviceMs, serviceAt, times } = this.scenario
    while (this.running.length < this.servers && this.head < this.queue.length) {
      const enteredMs = this.queue[this.head++] as number
      const meanMs = serviceAt?.(nowMs, this.running.length + 1) ?? serviceMs
      const ms = times === 'constant' ? meanMs : exponential(this.services, meanMs)
      this.running.push({ enteredMs, startedMs: nowMs, endsMs: nowMs + ms })
    }
    this.pool?.busy(this.running.length)
    if (this.head > 10_000) this.queue.splice(0, this.head)
    if (this.head > 10_000) this.head = 0
  }

  private nextEnd(): Running | undefined {
    let next: Running | undefined
    for (const one of this.running) if (next === undefined || one.endsMs < next.endsMs) next = one
    return next
  }

  private end(one: Running): void {
    const { enteredMs, startedMs, endsMs } = one
    this.running.splice(this.running.indexOf(one), 1)
    this.admission?.served(endsMs - startedMs)
    this.admission?.ended(0, endsMs - enteredMs, endsMs)
    this.pool?.completed()
    if (endsMs >= this.scenario.warmSeconds * 1_000) this.latencies.push(endsMs - enteredMs)
  }

  private tick(nowMs: number): void {
    const load = this.load(nowMs)
    this.pool?.tick(nowMs, load.queued)
    const canGrow = this.pool?.canGrow ?? false
    const decision = this.admission?.step({ ...load, canGrow, loopDelayMs: 0 })
    if (decision !== undefined) this.scenario.onAdmission?.(decision)
  }

  private nextArrivalMs(nowMs: number): number {
    const { servers, serviceMs, load, arrivals, burstMs = 400 } = this.scenario
    const gapMs = serviceMs / servers / (typeof load === 'number' ? load : load(nowMs))
    if (arrivals === 'constant') return nowMs + gapMs
    const sparseMs = exponential(this.arrivals, gapMs)
    if (arrivals === 'poisson') return nowMs + sparseMs
    // Time that only runs in the first quarter of each period.
    const quarterMs = burstMs / 4
    const phase = nowMs % burstMs
    const openMs = Math.floor(nowMs / burstMs) * quarterMs + Math.min(phase, quarterMs) + sparseMs / 4
    return Math.max(nowMs, Math.floor(openMs / quarterMs) * burstMs + (openMs % quarterMs))
  }
}

class SimulatedPool {
  private readonly options
  private readonly startMs: number
  private readonly onDecision: ((decision: PoolDecision) => void) | undefined
  private state
  private readonly startingAtMs: number[] = []
  private seen = { busyPeak: 0, completed: 0, refused: 0 }
  private running = 0
  ready: number
  canGrow = true

  constructor(
    { startMs, ...given }: PoolOptions & { readonly startMs: number },
    onDecision?: (decision: PoolDecision) => void,
  ) {
    this.options = resolvePoolOptions(given)
    this.startMs = startMs
    this.onDecision = onDecision
    this.state = initialPool(this.options)
    this.ready = this.options.min
  }

  busy(members: number): void {
    this.running = members
    this.seen.busyPeak = Math.max(this.seen.busyPeak, members)
  }

  completed(): void {
    this.seen.completed += 1
  }

  refused(): void {
    this.seen.refused += 1
  }

  tick(nowMs: number, queued: number): void {
    while ((this.startingAtMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
      this.startingAtMs.shift()
      this.ready += 1
    }
    const starting = this.startingAtMs.length
    const sample = { nowMs, ready: this.ready, starting, queued, ...this.seen }
    this.seen = { busyPeak: this.running, completed: 0, refused: 0 }
    const { state, decision } = poolStep(this.state, sample, this.options)
    this.state = state
    this.canGrow = decision.canGrow
    if (decision.action === 'grow') this.startingAtMs.push(nowMs + this.startMs)
    if (decision.action === 'retire') this.ready = decision.members - starting
    this.onDecision?.(decision)
  }
}

function exponential(random: Random, meanMs: number): number {
  return -Math.log(1 - nextFraction(random)) * meanMs
}
