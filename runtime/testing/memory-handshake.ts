/**
 * TLS without cryptography: each side says one thing, and both know what was agreed on. Certificates are never looked at:
 * whoever tests those needs the real one.
 */
import type { Securing, TlsSession } from '../loop/tls.ts'
import type { Greeting } from './memory-wire.ts'

/** What somebody sees who expects no TLS: the beginning of a record. */
export const CLIENT_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00])

/** What a client begins with. */
export function wishOf({ alpn, host }: Securing): Greeting {
  return { alpn, serverName: host }
}

/** What a server answers. @returns undefined where no protocol is spoken by both (RFC 7301 section 3.2). */
export function answerTo(wish: Greeting, alpn: readonly string[]): Greeting | undefined {
  const { serverName } = wish
  if (alpn.length === 0 || wish.alpn.length === 0) return { alpn: [], serverName }
  const chosen = alpn.find((name) => wish.alpn.includes(name))
  return chosen === undefined ? undefined : { alpn: [chosen], serverName }
}

export function sessionOf({ alpn, serverName }: Greeting): TlsSession {
  return {
    version: 'TLSv1.3',
    cipher: 'none',
    alpn: alpn[0],
    serverName,
    isResumed: false,
    peerCertificate: undefined,
    trouble: undefined,
  }
}
