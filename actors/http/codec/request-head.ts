/**
 * The head of a request: its request line, its fields, and what they say about its body and its connection.
 */
import type { BodyKind, Framing } from './framing.ts'
import type { HeaderFields } from './headers.ts'
import { authorityOf, type RequestLine } from './request-line.ts'

export class RequestHead implements RequestLine, Framing {
  /** As sent; case matters, and any token is possible. */
  readonly method: string
  /** As sent: `/path?query`, `http://host/path`, `host:port` (CONNECT) or `*` (OPTIONS). */
  readonly target: string
  readonly versionMinor: 0 | 1
  readonly headers: HeaderFields
  readonly keepAlive: boolean
  readonly bodyKind: BodyKind
  readonly contentLength: number
  readonly expectContinue: boolean
  readonly isUpgrade: boolean

  constructor(line: RequestLine, headers: HeaderFields, framing: Framing) {
    this.method = line.method
    this.target = line.target
    this.versionMinor = line.versionMinor
    this.headers = headers
    this.keepAlive = framing.keepAlive
    this.bodyKind = framing.bodyKind
    this.contentLength = framing.contentLength
    this.expectContinue = framing.expectContinue
    this.isUpgrade = framing.isUpgrade
  }

  /** The path of the target, not decoded: `/` where an absolute target has none, `''` where the form knows none. */
  get path(): string {
    const target = this.#originForm()
    const query = target.indexOf('?')
    return query === -1 ? target : target.slice(0, query)
  }

  /** What follows the first `?` of the target, not decoded; `''` if there is no query. */
  get query(): string {
    const query = this.target.indexOf('?')
    return query === -1 ? '' : this.target.slice(query + 1)
  }

  /**
   * The host that is asked for, with its port if one is given: the target's where it has one, which outranks Host
   * (RFC 9112 section 3.2.2). `undefined` in an HTTP/1.0 request that names none.
   */
  get authority(): string | undefined {
    if (this.method === 'CONNECT') return this.target
    return authorityOf(this.target) ?? this.headers.get('host')
  }

  #originForm(): string {
    if (this.target.startsWith('/')) return this.target
    const authority = this.method === 'CONNECT' ? undefined : authorityOf(this.target)
    if (authority === undefined) return ''
    const rest = this.target.slice(this.target.indexOf('//') + 2 + authority.length)
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}
