/** What became of the requests of one run, and the figures of that. Pure. */

export interface Outcomes {
  /** Seconds in which the requests were due that count. */
  readonly seconds: number
  readonly targetMs: number
  readonly patienceMs: number
  /** Milliseconds from the instant that each answered request was due; answers with status 200 only. */
  readonly admittedMs: readonly number[]
  /** Answers with 503. */
  readonly refused: number
  /** Of these, without a Retry-After. */
  readonly refusedBare: number
  /** Requests that were not answered while the client had patience, that could not be sent, or were answered otherwise. */
  readonly lost: number
  /** For each client, its answers within the target. */
  readonly good: readonly number[]
  /** Milliseconds of `GET /hello`, asked beside. */
  readonly helloMs: readonly number[]
  /** Milliseconds from the instant that each request was due until it was sent: the generator's own share of all latencies. */
  readonly sentLateMs: readonly number[]
}

export interface Figures {
  /** Answers within the target, a second. */
  readonly goodput: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly refusedPerSecond: number
  /** Requests with neither an answer nor a refusal, a second. */
  readonly lostPerSecond: number
  /** Jain's, of the clients' answers within the target; 1 / clients where there is none. */
  readonly fairness: number
  readonly helloP99Ms: number
}

export function figuresOf(outcomes: Outcomes): Figures {
  const { seconds, admittedMs, good, refused, lost, patienceMs, helloMs } = outcomes
  const total = good.reduce((sum, count) => sum + count, 0)
  return {
    goodput: total / seconds,
    p50Ms: percentile(admittedMs, 0.5) ?? patienceMs,
    p90Ms: percentile(admittedMs, 0.9) ?? patienceMs,
    p99Ms: percentile(admittedMs, 0.99) ?? patienceMs,
    refusedPerSecond: refused / seconds,
    lostPerSecond: lost / seconds,
    fairness: jain(good),
    helloP99Ms: percentile(helloMs, 0.99) ?? patienceMs,
  }
}

/** The least sample that `fraction` of all do not exceed; undefined without any. */
export function percentile(samples: readonly number[], fraction: number): number | undefined {
  const sorted = Float64Array.from(samples).sort()
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]
}

/** (sum x)^2 / (n sum x^2): 1 where all have the same, 1/n where one has all, or nobody anything. Jain, Chiu, Hawe 1984. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return squares === 0 ? 1 / shares.length : (sum * sum) / (shares.length * squares)
}
