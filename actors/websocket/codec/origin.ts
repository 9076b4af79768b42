/**
 * Whose pages may connect: the check of Origin (RFC 6455 section 10.2).
 *
 * Rules: a browser lets every page open a WebSocket to every server, and sends the user's cookies along; only the server
 * can refuse what a foreign page asks for. So the default is `same`, and `any` has to be written down.
 * - A request without Origin is taken by every rule: browsers always send it, and whoever is no browser could write
 *   there what it likes. Origin protects users of browsers, and says nothing of who a client is.
 * - `same` compares the host and the port of Origin with Host, and cannot compare the scheme, since the server may stand
 *   behind one that speaks TLS: `http://a.example` is the same as `https://a.example` to a request with
 *   `Host: a.example`. A port that is left out is the default one of Origin's scheme, on both sides.
 * - `null`, which sandboxed pages and files send, is never the same, but may be listed.
 */
import { isHost } from '../../http/codec/host.ts'

/** `any` takes all; `same` only pages of this host; a list only pages of the origins in it, each `scheme://host[:port]` or `null`. */
export type OriginRule = 'any' | 'same' | readonly string[]

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]+)$/i
const PORT = /:(\d*)$/

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443' }

/** What an origin says, in small letters and with its port; `undefined` if it is none, or `null`. */
interface Origin {
  readonly scheme: string
  readonly authority: string
}

/** @param host - the value of Host, which the HTTP codec has found to be one. */
export function isOriginAllowed(rule: OriginRule, origin: string | undefined, host: string): boolean {
  if (origin === undefined || rule === 'any') return true
  const parsed = parseOrigin(origin)
  if (rule === 'same') {
    return parsed !== undefined && parsed.authority === withPort(host, parsed.scheme)
  }
  if (parsed === undefined) return origin === 'null' && rule.includes('null')
  return rule.some((listed) => {
    const other = parseOrigin(listed)
    return other?.scheme === parsed.scheme && other.authority === parsed.authority
  })
}

/** Whether a list may have it: an origin as browsers write it, without a path, or `null`. */
export function isOrigin(text: string): boolean {
  return text === 'null' || parseOrigin(text) !== undefined
}

function parseOrigin(text: string): Origin | undefined {
  const [, scheme, authority] = ORIGIN.exec(text) ?? []
  if (scheme === undefined || authority === undefined || !isHost(authority)) return undefined
  const small = scheme.toLowerCase()
  return { scheme: small, authority: withPort(authority, small) }
}

/** The authority in small letters, with the port that it means. */
function withPort(authority: string, scheme: string): string {
  const port = PORT.exec(authority)
  const host = port === null ? authority : authority.slice(0, port.index)
  return `${host.toLowerCase()}:${port?.[1] || (defaultPorts[scheme] ?? '')}`
}
