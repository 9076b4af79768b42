/**
 * The questions of the suite, as data: who is asked what, over how many connections.
 *
 * A figure's name is the same for all who take part. `hello (serve)` is what `serve` is compared by, so that node:http
 * has two rows for the same work: rows are compared with those that took turns with them, and with no others.
 */

import type { Figure, Trial } from '../harness/suite.ts'
import { JSON_16K } from './payload.ts'
import type { Work } from './work.ts'

export interface HttpTrial extends Trial {
  readonly figures: readonly HttpFigure[]
  readonly between: readonly string[]
  readonly work: Work
}

export interface HttpFigure extends Figure {
  readonly of: keyof Measured
}

/** What a server shows in one round. */
export interface Measured {
  readonly requestsPerSecond: number
  readonly p99Ms: number
  /** Microseconds of its process for each request: the figure that suffers least when others use the machine. */
  readonly cpuUs: number
}

/** Connections of every trial that does not say otherwise. */
const CONNECTIONS = 64
/** Trials beside the headline, which has the suite's. */
const ROUNDS = 3

const everybody = ['greenroom', 'node:http', 'Fastify', 'net'] as const

export const httpTrials: readonly HttpTrial[] = [
  { name: 'hello', figures: figuresOf('hello'), between: everybody, work: hello() },
  {
    name: 'hello-1c',
    figures: figuresOf('hello 1c'),
    between: everybody,
    rounds: ROUNDS,
    work: hello({ connections: 1 }),
  },
  {
    name: 'hello-512c',
    figures: figuresOf('hello 512c'),
    between: everybody,
    rounds: ROUNDS,
    work: hello({ connections: 512 }),
  },
  {
    name: 'pipelined',
    // Without the p99: wrk times 16 as one, and then corrects the times as if they had been one each.
    figures: figuresOf('hello 16 pipelined').filter((figure) => figure.of !== 'p99Ms'),
    between: everybody,
    rounds: ROUNDS,
    work: hello({ pipelined: 16 }),
  },
  {
    name: 'json',
    figures: figuresOf('json 16k'),
    between: ['greenroom', 'node:http', 'Fastify'],
    rounds: ROUNDS,
    work: { path: '/json', connections: CONNECTIONS, json: JSON_16K },
  },
  {
    name: 'hono',
    figures: figuresOf('hello'),
    between: ['Hono on greenroom', 'Hono on node-server'],
    rounds: ROUNDS,
    work: hello(),
  },
  {
    name: 'serve',
    figures: figuresOf('hello (serve)'),
    between: ['greenroom serve', 'greenroom', 'node:http'],
    rounds: ROUNDS,
    work: hello(),
  },
]

function hello(more: Partial<Work> = {}): Work {
  return { path: '/hello', connections: CONNECTIONS, ...more }
}

function figuresOf(what: string): readonly HttpFigure[] {
  return [
    { what, unit: 'requests/s', better: 'higher', of: 'requestsPerSecond' },
    { what: `${what} p99`, unit: 'ms', better: 'lower', of: 'p99Ms' },
    { what: `${what} cpu`, unit: 'us/request', better: 'lower', of: 'cpuUs' },
  ]
}
