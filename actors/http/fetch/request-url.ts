/**
 * The URL that a request asks for (RFC 9112 section 3.3), as `new URL(...).href` has it. Routers look at it first of all,
 * so what is in its normal form already is not parsed.
 */
import type { Address } from '../../../runtime/loop/poller.ts'
import { badRequest, excerpt } from '../codec/errors.ts'
import type { HttpRequest } from '../request.ts'

const SLASH = 0x2f

/** Characters of a path and query that a URL keeps as they are. */
const PLAIN = /^[\w\-~!$&()*+,;=:@%/.?]*$/

/** A segment that is `.` or `..`, also in its disguises: a URL resolves those. */
const DOTS = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i

/** Origins by host, as it was sent. A cache, not state, emptied when it is full: a client can send any host. */
const origins = new Map<string, string>()
/** The same over TLS. */
const secureOrigins = new Map<string, string>()
const ORIGINS_MAX = 64

/** @throws HttpError (400, `HTTP_HOST_INVALID`, `HTTP_TARGET_INVALID`) for a host or target that no URL can hold. */
export function urlOf({
  target,
  headers,
  local,
  tls,
}: Pick<HttpRequest, 'target' | 'headers' | 'local' | 'tls'>): string {
  if (target.charCodeAt(0) !== SLASH && target !== '*') return absolute(target)
  const host = headers.get('host') ?? authorityOf(local)
  const origin = tls === undefined ? originOf(host) : secureOriginOf(host)
  // Of `*` path and query are empty; a URL has a path at least.
  if (target === '*') return `${origin}/`
  return isNormal(target) ? origin + target : new URL(origin + target).href
}

function isNormal(target: string): boolean {
  return PLAIN.test(target) && !DOTS.test(target)
}

function absolute(target: string): string {
  try {
    return new URL(target).href
  } catch {
    throw badRequest('HTTP_TARGET_INVALID', `${excerpt(target)} is not a URL`)
  }
}

function originOf(host: string): string {
  return known(origins, 'http', host)
}

function secureOriginOf(host: string): string {
  return known(secureOrigins, 'https', host)
}

function known(origins: Map<string, string>, scheme: 'http' | 'https', host: string): string {
  const found = origins.get(host)
  if (found !== undefined) return found
  let origin: string
  try {
    origin = new URL(`${scheme}://${host}`).origin
  } catch {
    throw badRequest('HTTP_HOST_INVALID', `${excerpt(host)} is not the host of a URL`)
  }
  if (origins.size >= ORIGINS_MAX) origins.clear()
  origins.set(host, origin)
  return origin
}

/** Where a client of HTTP/1.0, which need not say whom it asks, has reached us. */
function authorityOf(local: Address | undefined): string {
  if (local?.transport !== 'tcp') return 'localhost'
  return `${local.host.includes(':') ? `[${local.host}]` : local.host}:${local.port}`
}
