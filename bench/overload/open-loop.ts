/**
 * An open-loop load: requests are sent when they are due, whether earlier ones are answered or not, as people do who do not
 * know of each other.
 *
 * Latency counts from the instant that a request was due, so that a generator, or a server, that comes too late does not hide
 * it. A request for which its client has no connection left counts as lost, and so does one that is not answered while the
 * client has patience: it closes the connection then.
 */
import { type Arrivals, clientsInTurn, dueMs } from './arrivals.ts'
import { ClientConnection } from './client-connection.ts'
import type { Outcomes } from './outcomes.ts'

/** Connections of one client. */
const CONNECTIONS_MAX = 256
/** `GET /hello` a second, beside the load. */
const HELLO_RATE = 50
/** Milliseconds between two looks at the schedule. */
const LOOK_MS = 1

export interface Load extends Arrivals {
  readonly port: number
  /** What is sent, head and body. */
  readonly request: string
  readonly targetMs: number
  readonly patienceMs: number
  /** Seconds from the first request whose requests do not count. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

const HELLO = 'GET /hello HTTP/1.1\r\nhost: bench\r\n\r\n'

export async function runLoad(load: Load): Promise<Outcomes> {
  const { clients, warmUpSeconds, seconds, targetMs, patienceMs } = load
  const pools = Array.from({ length: clients }, () => new Connections(load.port))
  const friend = new Connections(load.port)
  const good = new Array<number>(clients).fill(0)
  const admittedMs: number[] = []
  const helloMs: number[] = []
  const sentLateMs: number[] = []
  const turns = clientsInTurn(load)
  const endMs = (warmUpSeconds + seconds) * 1e3
  const startMs = performance.now()
  let refused = 0
  let refusedBare = 0
  let lost = 0
  let underWay = 0

  /** Sends what was due at `atMs`, and says what became of it within the client's patience. */
  const send = (
    from: Connections,
    request: string,
    atMs: number,
    done: (status: number, hasRetryAfter: boolean, ms: number) => void,
  ): void => {
    const connection = from.free()
    if (connection === undefined) {
      done(0, false, 0)
      return
    }
    underWay += 1
    const timer = setTimeout(() => connection.leave(), atMs + patienceMs - (performance.now() - startMs))
    connection.send(request, (answer) => {
      clearTimeout(timer)
      underWay -= 1
      done(answer?.status ?? 0, answer?.hasRetryAfter ?? false, performance.now() - startMs - atMs)
    })
  }

  let next = 0
  let nextHello = 0
  for (;;) {
    const nowMs = performance.now() - startMs
    for (; dueMs(load, next) <= Math.min(nowMs, endMs); next++) {
      const atMs = dueMs(load, next)
      if (atMs >= endMs) break
      const client = turns.next().value
      const counts = atMs >= warmUpSeconds * 1e3
      if (counts) sentLateMs.push(performance.now() - startMs - atMs)
      send(pools[client] as Connections, load.request, atMs, (status, hasRetryAfter, ms) => {
        if (!counts) return
        if (status === 200) {
          admittedMs.push(ms)
          if (ms <= targetMs) good[client] = (good[client] as number) + 1
        } else if (status === 503) {
          refused += 1
          if (!hasRetryAfter) refusedBare += 1
        } else {
          lost += 1
        }
      })
    }
    for (; (nextHello * 1e3) / HELLO_RATE <= Math.min(nowMs, endMs); nextHello++) {
      const atMs = (nextHello * 1e3) / HELLO_RATE
      const counts = atMs >= warmUpSeconds * 1e3 && atMs < endMs
      send(friend, HELLO, atMs, (status, _, ms) => {
        if (counts) helloMs.push(status === 200 ? ms : patienceMs)
      })
    }
    if (nowMs >= endMs && underWay === 0) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  for (const pool of [...pools, friend]) pool.leave()
  return { seconds, targetMs, patienceMs, admittedMs, refused, refusedBare, lost, good, helloMs, sentLateMs }
}

/** Those of one client. */
class Connections {
  private readonly port: number
  private all: ClientConnection[] = []

  constructor(port: number) {
    this.port = port
  }

  /** One that is not busy; a new one, if there may be one more. */
  free(): ClientConnection | undefined {
    this.all = this.all.filter(({ isOpen, isBusy }) => isOpen || isBusy)
    const idle = this.all.find(({ isBusy, isOpen }) => isOpen && !isBusy)
    if (idle !== undefined || this.all.length >= CONNECTIONS_MAX) return idle
    const made = new ClientConnection(this.port)
    this.all.push(made)
    return made
  }

  leave(): void {
    for (const connection of this.all) connection.leave()
  }
}
