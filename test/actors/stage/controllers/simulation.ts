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
import { createSeededRandom, nextFraction, type Random } from '../../../../runtime/context/random.ts'

export type Arrivals = 'constant' | 'poisson' | 'bursts'

export interface Scenario {
  readonly servers: number
  readonly serviceMs: number
  readonly times: 'constant' | 'exponential'
  readonly targetMs: number
  /** Offered load, in capacities. */
  readonly load: number
  readonly arrivals: Arrivals
  readonly seconds: number
  /** What entered before is not measured. */
  readonly warmSeconds: number
  readonly seed: number
  readonly admission?: AdmissionOptions | false
  /** Instead of admission: this many jobs may be inside. */
  readonly insideMax?: number
  readonly burstMs?: number
  readonly serviceAt?: (nowMs: number, running: number) => number
  readonly onDecision?: (decision: AdmissionDecision) => void
}

export interface Outcome {
  readonly offered: number
  readonly refused: number
  readonly completed: number
  /** Completed within the target, in capacities. */
  readonly goodput: number
  readonly throughput: number
  readonly p90Ms: number
  readonly retryAfterMs: readonly number[]
}

/** Bursts: within each period of `burstMs`, the first quarter has all the arrivals, at four times the rate. */
function nextArrivalMs(scenario: Scenario, nowMs: number, random: Random): number {
  const { servers, serviceMs, load, arrivals, burstMs = 400 } = scenario
  const gapMs = serviceMs / servers / load
  if (arrivals === 'constant') return nowMs + gapMs
  const exponentialMs = -Math.log(1 - nextFraction(random)) * gapMs
  if (arrivals === 'poisson') return nowMs + exponentialMs
  const atMs = nowMs + exponentialMs / 4
  const phase = atMs % burstMs
  return phase < burstMs / 4 ? atMs : atMs - phase + burstMs + ((phase - burstMs / 4) % (burstMs / 4))
}

interface Job {
  readonly enteredMs: number
  startedMs: number
}

export function simulate(scenario: Scenario): Outcome {
  const { servers, serviceMs, times, targetMs, seconds, warmSeconds, seed } = scenario
  const arrivalsRandom = createSeededRandom(seed)
  const serviceRandom = createSeededRandom(seed + 1_000_003)
  const admission =
    scenario.admission === false
      ? undefined
      : new Admission(resolveAdmissionOptions({ targetMs, ...scenario.admission }))
  const endMs = seconds * 1_000
  const warmMs = warmSeconds * 1_000
  const queue: Job[] = []
  let head = 0
  const running: { job: Job; endsMs: number }[] = []
  let offered = 0
  let refused = 0
  const latencies: number[] = []
  const retryAfterMs: number[] = []
  let good = 0
  let completed = 0
  let arrivalMs = nextArrivalMs(scenario, 0, arrivalsRandom)
  let tickMs = 0
  const load = { nowMs: 0, queued: 0, running: 0, servers }

  const start = (nowMs: number) => {
    while (running.length < servers && head < queue.length) {
      const job = queue[head++] as Job
      job.startedMs = nowMs
      const mean = scenario.serviceAt?.(nowMs, running.length + 1) ?? serviceMs
      const ms = times === 'constant' ? mean : -Math.log(1 - nextFraction(serviceRandom)) * mean
      running.push({ job, endsMs: nowMs + ms })
    }
    if (head > 10_000) {
      queue.splice(0, head)
      head = 0
    }
  }
  for (;;) {
    let next = -1
    let finishMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < running.length; i += 1) {
      if (running[i]!.endsMs < finishMs) {
        finishMs = running[i]!.endsMs
        next = i
      }
    }
    const nowMs = Math.min(arrivalMs, finishMs, tickMs)
    if (nowMs > endMs) break
    load.nowMs = nowMs
    load.queued = queue.length - head
    load.running = running.length
    if (nowMs === finishMs) {
      const { job } = running.splice(next, 1)[0]!
      const elapsedMs = nowMs - job.enteredMs
      admission?.served(nowMs - job.startedMs)
      admission?.ended(0, elapsedMs, nowMs)
      if (nowMs >= warmMs) {
        completed += 1
        if (elapsedMs <= targetMs + 1e-6) good += 1
        latencies.push(elapsedMs)
      }
      start(nowMs)
    } else if (nowMs === tickMs) {
      if (admission !== undefined) {
        const decision = admission.step({ ...load, canGrow: false, loopDelayMs: 0 })
        scenario.onDecision?.(decision)
      }
      tickMs += 100
    } else {
      const isMeasured = nowMs >= warmMs
      const retryMs =
        admission !== undefined
          ? admission.offer(0, 1, load)
          : load.queued + load.running >= (scenario.insideMax ?? Number.POSITIVE_INFINITY)
            ? 1
            : 0
      if (isMeasured) offered += 1
      if (retryMs === 0) {
        queue.push({ enteredMs: nowMs, startedMs: 0 })
        start(nowMs)
      } else if (isMeasured) {
        refused += 1
        retryAfterMs.push(retryMs)
      }
      arrivalMs = nextArrivalMs(scenario, nowMs, arrivalsRandom)
    }
  }
  const capacity = (servers / serviceMs) * (endMs - warmMs)
  return {
    offered,
    refused,
    completed,
    goodput: good / capacity,
    throughput: completed / capacity,
    p90Ms: percentile(latencies, 0.9) ?? 0,
    retryAfterMs,
  }
}
