/** What runs on the threads of the stage: see `threads` in server.ts. */
import { pbkdf2Sync } from 'node:crypto'
import { jobs } from 'greenroom/actors'

/**
 * PBKDF2, and not scrypt: what it costs is one number, straight, and no memory. A round takes half a microsecond, so the
 * default is 5 ms of a thread. Nobody can take a thread back from a job: 50 ms is the most that one may keep it.
 */
export const ROUNDS = { byDefault: 10_000, most: 100_000 }

export interface HashJob {
  readonly body: Uint8Array
  readonly rounds: number
}

export const hash = jobs<HashJob, string>(({ body, rounds }) =>
  pbkdf2Sync(body, 'greenroom', rounds, 32, 'sha512').toString('hex'),
)
