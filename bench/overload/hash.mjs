/** What the threads of all servers compute. JavaScript, since not every peer can load TypeScript on a thread. */
import { pbkdf2Sync } from 'node:crypto'

/** @param {{ body: Uint8Array | string, rounds: number }} job */
export function hash({ body, rounds }) {
  return pbkdf2Sync(body, 'salt', rounds, 32, 'sha512').toString('hex')
}

export default hash
