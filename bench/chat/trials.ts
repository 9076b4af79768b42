/** The questions of the suite, as data: how many are in the room, and how they speak. */
import type { Figure, Trial } from '../harness/suite.ts'
import type { ClosedLoop, OpenLoop } from './load/room.ts'

export interface ChatTrial extends Trial {
  readonly figures: readonly ChatFigure[]
  readonly between: readonly string[]
  readonly members: number
  /** Undefined: they are idle, and weighed. */
  readonly load: ClosedLoop | OpenLoop | undefined
}

export interface ChatFigure extends Figure {
  readonly of: keyof Measured
}

/** What a server shows in one round. A delivery is one message to one member. */
export interface Measured {
  readonly deliveriesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds for each delivery: of the server's process, and of the load's. */
  readonly cpuUs: number
  readonly loadUs: number
  readonly connectionBytes: number
}

/** Trials beside the headline, which has the suite's. */
const ROUNDS = 3
const SENDERS = 8
const IN_FLIGHT = 4
/**
 * Deliveries a second where they are timed, to however many members: a third of what ws, the slowest that matters, does on one core of
 * a small machine.
 */
const TIMED_DELIVERIES = 25_600
const IDLE_MEMBERS = 2_000

const overWebSocket = ['greenroom', 'ws', 'Socket.IO'] as const
const overTcp = ['greenroom lines', 'Twisted'] as const

function throughput(name: string, members: number, between: readonly string[], rounds?: number): ChatTrial {
  const what = `to ${members}`
  return {
    name,
    figures: [
      { what, unit: 'deliveries/s', better: 'higher', of: 'deliveriesPerSecond' },
      { what: `${what} cpu`, unit: 'us/delivery', better: 'lower', of: 'cpuUs' },
      // It tells who was the limit.
      {
        what: `${what} load`,
        unit: 'us/delivery of the load',
        better: 'lower',
        isCompared: false,
        of: 'loadUs',
      },
    ],
    between,
    members,
    load: { senders: SENDERS, inFlight: IN_FLIGHT },
    ...(rounds === undefined ? {} : { rounds }),
  }
}

function latency(name: string, members: number, between: readonly string[]): ChatTrial {
  const rate = TIMED_DELIVERIES / members
  const what = `to ${members} at ${rate}/s`
  return {
    name,
    figures: [
      { what: `${what} p50`, unit: 'ms', better: 'lower', of: 'p50Ms' },
      { what: `${what} p99`, unit: 'ms', better: 'lower', of: 'p99Ms' },
      { what: `${what} cpu`, unit: 'us/delivery', better: 'lower', of: 'cpuUs' },
    ],
    between,
    members,
    load: { senders: SENDERS, rate },
    rounds: ROUNDS,
  }
}

export const chatTrials: readonly ChatTrial[] = [
  throughput('throughput-512', 512, overWebSocket),
  throughput('throughput-64', 64, overWebSocket, ROUNDS),
  throughput('throughput-2048', 2_048, overWebSocket, ROUNDS),
  latency('latency-64', 64, overWebSocket),
  latency('latency-512', 512, overWebSocket),
  latency('latency-2048', 2_048, overWebSocket),
  {
    name: 'memory',
    figures: [{ what: 'idle connection', unit: 'bytes', better: 'lower', of: 'connectionBytes' }],
    between: ['greenroom', 'ws'],
    rounds: ROUNDS,
    members: IDLE_MEMBERS,
    load: undefined,
  },
  throughput('lines-throughput-64', 64, overTcp, ROUNDS),
  throughput('lines-throughput-512', 512, overTcp, ROUNDS),
  latency('lines-latency-64', 64, overTcp),
  latency('lines-latency-512', 512, overTcp),
]
