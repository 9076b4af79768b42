/** What can go wrong between a connection and its peer. */
import { PeerError } from '../../runtime/errors.ts'

/** The peer kept us waiting too long. Thrown into a protocol's `yield`; `code` says for what. */
export class ConnectionTimeoutError extends PeerError {
  constructor(code: string, waitedMs: number, what: string) {
    super(code, `no ${what} within ${waitedMs} ms`)
  }
}

/** Something came in the clear ahead of the TLS that was wanted: whoever slipped it in is not the peer (CVE-2011-0411). */
export function earlyBytes(): PeerError {
  return new PeerError('TLS_EARLY_BYTES', 'bytes have arrived before the TLS that they were to come after')
}
