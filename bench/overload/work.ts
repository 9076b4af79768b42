/** The work of every server in this suite, and what a request for it looks like. */
import { pbkdf2Sync } from 'node:crypto'

/** Milliseconds of processor time that one request shall cost. */
export const WORK_MS = 5

/** Milliseconds from the instant that a request was due: an answer that comes later is of no use. */
export const TARGET_MS = 200

/** Milliseconds after which a client gives up and closes its connection. */
export const PATIENCE_MS = 4 * TARGET_MS

/** Clients with the same demand, each with connections of its own. */
export const CLIENTS = 10

/** The body that is hashed. */
export const BODY = 'a request that takes long'

/** `POST` this. */
export const hashPath = (rounds: number): string => `/hash?rounds=${rounds}`

/** Of a request's URL. */
export function roundsOf(url: string): number {
  return Number(url.slice(url.indexOf('=') + 1))
}

/** What a right answer has in its body. */
export function rightHash(rounds: number): string {
  return pbkdf2Sync(BODY, 'salt', rounds, 32, 'sha512').toString('hex')
}

/** Rounds of PBKDF2 that take `WORK_MS` on this machine while it does nothing else: the least of several tries. */
export function calibrateRounds(): number {
  const rounds = 10_000
  let leastMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 20; attempt++) {
    const startMs = performance.now()
    pbkdf2Sync(BODY, 'salt', rounds, 32, 'sha512')
    leastMs = Math.min(leastMs, performance.now() - startMs)
  }
  return Math.max(1, Math.round((rounds * WORK_MS) / leastMs))
}
