/** What can go wrong between a connection and its peer. */
import { PeerError } from '../../runtime/errors.ts'

/** The peer kept us waiting too long. Thrown into a protocol's `yield`; `code` says for what. */
export class ConnectionTimeoutError extends PeerError {
  constructor(code: string, waitedMs: number, what: string) {
    super(code, `no ${what} within ${waitedMs} ms`)
  }
}
