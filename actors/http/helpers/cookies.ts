/**
 * Cookies: those of a request as a record, those of a response as the text of a `set-cookie` field (RFC 6265).
 *
 * Rules: what is not said is safe: the whole site, no scripts, no requests that other sites start. What a browser would
 * drop without a word is refused here, where somebody notices. Whether a cookie may travel without TLS only the caller
 * knows: behind a proxy that speaks TLS, say `secure`.
 */
import { parseCookie, stringifySetCookie } from 'cookie'
import { UsageError } from '../../../runtime/errors.ts'
import type { HttpRequest } from '../request.ts'

export type Cookies = Readonly<Record<string, string | undefined>>

export interface CookieScope {
  /** Paths that get it: this one and those below. Default `/`. */
  readonly path?: string
  /** The domain that gets it, with all its subdomains. Default: the host that set it, alone. */
  readonly domain?: string
  /** Sent over TLS only. Default false; needed for `sameSite: 'none'`, `partitioned`, `__Secure-` and `__Host-` names. */
  readonly secure?: boolean
  /** Hidden from scripts. Default true. */
  readonly httpOnly?: boolean
  /** Requests that come from other sites: `strict` gets none, `lax` those that open a page, `none` all. Default `lax`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** One jar for each top-level site, where this is embedded (CHIPS). Default false. */
  readonly partitioned?: boolean
}

export interface CookieOptions extends CookieScope {
  /**
   * Milliseconds that it lives, rounded up to whole seconds. Default: as long as the browser's session. There is no
   * `expires`: an instant of the server's clock means little by the client's.
   */
  readonly maxAgeMs?: number
}

/** Bytes of name and value together; browsers drop a cookie that is larger (RFC 6265bis section 5.7). */
const COOKIE_BYTES_MAX = 4096

const parsed = new WeakMap<HttpRequest, Cookies>()

/**
 * The cookies of a request by name, percent-decoded; none of them is to be trusted. Of a name that comes twice the
 * first counts, which is the one of the longer path. The record has no prototype and cannot be changed.
 */
export function cookies(request: HttpRequest): Cookies {
  let found = parsed.get(request)
  if (found === undefined) {
    found = Object.freeze(parseCookie(request.headers.get('cookie') ?? ''))
    parsed.set(request, found)
  }
  return found
}

/**
 * The value of a `set-cookie` field: `text('hi', { headers: { 'set-cookie': [setCookie('a', '1'), setCookie('b', '2')] } })`.
 *
 * @param value - any text: it is percent-encoded, and `cookies` decodes it.
 * @throws UsageError: `HTTP_COOKIE_INVALID` for a name, value, path, domain or age that cannot be sent;
 *   `HTTP_COOKIE_INSECURE` where `secure` is missing, and for a `__Host-` name that is not the host's alone;
 *   `HTTP_COOKIE_TOO_LARGE` beyond 4096 bytes of name and value.
 */
export function setCookie(name: string, value: string, options: CookieOptions = {}): string {
  const {
    path = '/',
    domain,
    secure = false,
    httpOnly = true,
    sameSite = 'lax',
    partitioned = false,
  } = options
  if (typeof value !== 'string') throw invalid(`the value of cookie "${name}" is text, not ${typeof value}`)
  if (!path.startsWith('/')) throw invalid(`the path of a cookie begins with "/", not as "${path}"`)
  checkPromises(name, { ...options, path, secure, sameSite })
  const text = written(() =>
    stringifySetCookie({
      name,
      value,
      path,
      secure,
      httpOnly,
      sameSite,
      partitioned,
      ...(domain === undefined ? undefined : { domain }),
      ...(options.maxAgeMs === undefined ? undefined : { maxAge: secondsOf(options.maxAgeMs) }),
    }),
  )
  // Name, `=` and value come first, and hold no semicolon.
  const bytes = text.indexOf(';') - 1
  if (bytes > COOKIE_BYTES_MAX) {
    throw new UsageError(
      'HTTP_COOKIE_TOO_LARGE',
      `cookie "${name}" has ${bytes} bytes of name and value; browsers keep ${COOKIE_BYTES_MAX}`,
    )
  }
  return text
}

/** The value of a `set-cookie` field that removes a cookie. The scope is to be the same as when it was set. */
export function clearCookie(name: string, scope: CookieScope = {}): string {
  return setCookie(name, '', { ...scope, maxAgeMs: 0 })
}

/** A cookie that claims more than it does is dropped by browsers (RFC 6265bis sections 4.1.3 and 5.7). */
function checkPromises(name: string, { path, domain, secure, sameSite, partitioned }: CookieScope): void {
  const prefix = /^__(?:secure|host)-/i.exec(name)?.[0].toLowerCase()
  if (secure !== true) {
    if (prefix !== undefined) throw insecure(`cookie "${name}" has to be secure, as its name says`)
    if (sameSite === 'none') throw insecure(`cookie "${name}" is for all sites, and has to be secure`)
    if (partitioned === true) throw insecure(`cookie "${name}" is partitioned, and has to be secure`)
  }
  if (prefix === '__host-' && (path !== '/' || domain !== undefined)) {
    throw insecure(`cookie "${name}" has the path "/" and no domain, as its name says`)
  }
}

/** The library tells what is wrong by a TypeError; the value that it cannot encode stays out of the message. */
function written(stringify: () => string): string {
  try {
    return stringify()
  } catch (cause) {
    if (cause instanceof URIError) throw invalid('the value of a cookie is well-formed Unicode', cause)
    throw invalid(
      (cause as Error).message.replace(/^(?:argument|option) /, 'a cookie cannot be sent: '),
      cause,
    )
  }
}

function secondsOf(ms: number): number {
  const seconds = Math.ceil(ms / 1000)
  if (Number.isSafeInteger(seconds) && ms >= 0) return seconds
  throw invalid(`a cookie lives for 0 ms or more, not ${String(ms)}`)
}

function invalid(message: string, cause?: unknown): UsageError {
  return new UsageError('HTTP_COOKIE_INVALID', message, cause === undefined ? undefined : { cause })
}

function insecure(message: string): UsageError {
  return new UsageError('HTTP_COOKIE_INSECURE', message)
}
