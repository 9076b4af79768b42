/** What is asked of a server, and what came of it. */

/** Each connection asks again as soon as it has all its answers. */
export interface Work {
  readonly path: string
  readonly connections: number
  /** Requests that a connection writes at once. Default 1. */
  readonly pipelined?: number
  /** A body to POST as `application/json`; without it the request is a GET. */
  readonly json?: string
}

export interface Answered {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  /**
   * From the request to its answer. wrk adds what a connection would have asked while it waited for a late answer, so
   * that one long pause is not one sample; with pipelined requests that makes its figure meaningless.
   */
  readonly p99Ms: number
}
