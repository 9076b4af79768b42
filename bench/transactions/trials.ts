/** The questions of the suite, as data. */
import type { Figure, Trial } from '../harness/suite.ts'

export interface TransactionsTrial extends Trial {
  readonly between: readonly string[]
  /** Of a trial over HTTP; undefined where a contender does the work in its own process. */
  readonly connections: number | undefined
}

/** What a server shows in one round, in the order of the figures of `servedFigures`. */
export interface Served {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds of its process for each transfer, on all its threads; of PostgreSQL's nothing. */
  readonly cpuUs: number
}

export const valuesOf = ({ perSecond, p50Ms, p99Ms, cpuUs }: Served): readonly number[] => [
  perSecond,
  p50Ms,
  p99Ms,
  cpuUs,
]

export function servedFigures(what: string): readonly Figure[] {
  return [
    { what, unit: 'transfers/s', better: 'higher' },
    { what: `${what} p50`, unit: 'ms', better: 'lower' },
    { what: `${what} p99`, unit: 'ms', better: 'lower' },
    { what: `${what} cpu`, unit: 'us/transfer', better: 'lower' },
  ]
}

/** Those who serve SQLite, ours first. */
export const sqliteServers = ['greenroom', 'Fastify + better-sqlite3', 'Fastify + promises'] as const
/** One of the peers takes part where it shows most: alone, with as many as the headline has. */
export const driverThreadServer = 'Fastify + driver thread'
export const postgresServers = ['greenroom on PostgreSQL', 'Fastify + postgres'] as const
/** In their own process, without HTTP. */
export const inProcess = ['greenroom in process', 'better-sqlite3 on a thread'] as const

const CONNECTIONS = 128
/** Beside the headline, of which it shows how it comes about. */
export const GROWTH: readonly number[] = [1, 8, 64, 512]
/** Trials beside the headline, which has the suite's. */
const ROUNDS = 3

export const growthName = (connections: number): string => `${connections}c`

export const transactionsTrials: readonly TransactionsTrial[] = [
  {
    name: 'transfers',
    figures: servedFigures('transfers'),
    between: [...sqliteServers, driverThreadServer],
    connections: CONNECTIONS,
  },
  ...GROWTH.map((connections) => ({
    name: growthName(connections),
    figures: servedFigures(`transfers ${growthName(connections)}`),
    between: connections === 1 ? [...sqliteServers, driverThreadServer] : sqliteServers,
    rounds: ROUNDS,
    connections,
  })),
  {
    name: 'postgres',
    figures: servedFigures('transfers'),
    between: postgresServers,
    connections: CONNECTIONS,
  },
  {
    name: 'alone',
    figures: [{ what: 'one by one', unit: 'transfers/s', better: 'higher' }],
    between: inProcess,
    rounds: ROUNDS,
    connections: undefined,
  },
  {
    name: 'actor',
    figures: [{ what: 'transaction of nothing', unit: 'us of the main thread', better: 'lower' }],
    between: inProcess.slice(0, 1),
    rounds: ROUNDS,
    connections: undefined,
  },
]
