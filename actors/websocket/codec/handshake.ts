/**
 * The opening handshake, as the server sees it (RFC 6455 section 4.2): a request in, an answer's fields out.
 *
 * Rules: a pure function of the request's head. What is wrong is a value with the status to answer, since it is expected
 * from everybody who opens the address in a browser. Fields that may come once are refused when they come twice, even
 * if the values agree: an intermediary may have read the other one.
 */
import { createHash } from 'node:crypto'
import { UsageError } from '../../../runtime/errors.ts'
import type { DeflateAgreement } from './deflate.ts'
import { chooseDeflate, type DeflateAnswer } from './deflate-offer.ts'
import { parseExtensionList } from './extension-list.ts'
import { isOrigin, isOriginAllowed, type OriginRule } from './origin.ts'
import { areDistinctTokens, chooseSubprotocol, parseSubprotocols, trimBlanks } from './subprotocols.ts'

/** What the handshake needs of a request; the head of the HTTP codec is one. */
export interface HandshakeRequest {
  readonly method: string
  readonly versionMinor: 0 | 1
  /** `none` where it has no body. */
  readonly bodyKind: string
  readonly headers: { getAll(name: string): readonly string[] }
}

export interface HandshakeOptions {
  /** Subprotocols that are spoken, the preferred first. Default none: then none is answered. */
  readonly protocols?: readonly string[]
  /** Whose pages may connect. Default `same`; see `origin.ts` for what each rule takes. */
  readonly origins?: OriginRule
  /** Whether permessage-deflate is spoken with clients that offer it. Default false. */
  readonly deflate?: boolean
}

/** Options that were checked, by `createHandshakeRules`. */
export type HandshakeRules = Required<HandshakeOptions>

export interface HandshakeAccepted {
  readonly type: 'accepted'
  /** The value of Sec-WebSocket-Accept. */
  readonly accept: string
  /** The subprotocol that is spoken: one of the client's and ours, or none. */
  readonly protocol: string | undefined
  /** What was agreed on compression; `undefined` for none. */
  readonly deflate: DeflateAgreement | undefined
  /** The fields of the answer 101, besides Upgrade and Connection. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * | code | status |
 * | --- | --- |
 * | `WEBSOCKET_METHOD_INVALID` | 405, with Allow |
 * | `WEBSOCKET_UPGRADE_REQUIRED` | 426, with Upgrade |
 * | `WEBSOCKET_VERSION_UNSUPPORTED` | 426, with Sec-WebSocket-Version |
 * | `WEBSOCKET_BODY_UNEXPECTED`, `WEBSOCKET_CONNECTION_INVALID`, `WEBSOCKET_KEY_INVALID` | 400 |
 * | `WEBSOCKET_PROTOCOLS_INVALID`, `WEBSOCKET_EXTENSIONS_INVALID`, `WEBSOCKET_ORIGIN_INVALID` | 400 |
 * | `WEBSOCKET_ORIGIN_FORBIDDEN` | 403 |
 */
export type HandshakeRefusalCode =
  | 'WEBSOCKET_METHOD_INVALID'
  | 'WEBSOCKET_UPGRADE_REQUIRED'
  | 'WEBSOCKET_BODY_UNEXPECTED'
  | 'WEBSOCKET_CONNECTION_INVALID'
  | 'WEBSOCKET_VERSION_UNSUPPORTED'
  | 'WEBSOCKET_KEY_INVALID'
  | 'WEBSOCKET_ORIGIN_INVALID'
  | 'WEBSOCKET_ORIGIN_FORBIDDEN'
  | 'WEBSOCKET_PROTOCOLS_INVALID'
  | 'WEBSOCKET_EXTENSIONS_INVALID'

export interface HandshakeRefused {
  readonly type: 'refused'
  readonly status: 400 | 403 | 405 | 426
  readonly code: HandshakeRefusalCode
  /** One line for a person; nothing that the client sent. */
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

export type Handshake = HandshakeAccepted | HandshakeRefused

const VERSION = '13'

/** 16 bytes in base64. Bits that pad the last character are not looked at, as no decoder looks at them. */
const KEY = /^[A-Za-z0-9+/]{22}==$/

/** Proves that the server has understood the key as one of a WebSocket (section 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Checks the options, once for all handshakes.
 *
 * @throws UsageError (`WEBSOCKET_PROTOCOLS_INVALID`) if `protocols` are not different tokens;
 *   (`WEBSOCKET_ORIGINS_INVALID`) if `origins` is none of the words and has an element that is no origin.
 */
export function createHandshakeRules(options: HandshakeOptions = {}): HandshakeRules {
  const { protocols = [], origins = 'same', deflate = false } = options
  if (!areDistinctTokens(protocols)) {
    throw new UsageError(
      'WEBSOCKET_PROTOCOLS_INVALID',
      `protocols must be different tokens, not ${protocols.join(', ')}`,
    )
  }
  const isRule =
    origins === 'any' || origins === 'same' || (Array.isArray(origins) && origins.every(isOrigin))
  if (!isRule) {
    throw new UsageError(
      'WEBSOCKET_ORIGINS_INVALID',
      `origins must be "any", "same" or a list of scheme://host[:port], not ${String(origins)}`,
    )
  }
  return { protocols: [...protocols], origins, deflate }
}

/** Reads a request that may open a WebSocket. Never throws for what a client sent. */
export function readHandshake(request: HandshakeRequest, rules: HandshakeRules): Handshake {
  const { headers } = request
  const refusal = refuseRequest(request) ?? refuseKey(headers) ?? refuseOrigin(headers, rules.origins)
  if (refusal !== undefined) return refusal
  const offered = headers.getAll('sec-websocket-protocol')
  const theirs = parseSubprotocols(offered)
  if (theirs === undefined) {
    return refuse(
      400,
      'WEBSOCKET_PROTOCOLS_INVALID',
      'Sec-WebSocket-Protocol is not a list of different names',
    )
  }
  const extensions = headers.getAll('sec-websocket-extensions')
  // Checked also where none is spoken: section 9.1 asks to fail the connection for what is no list of extensions.
  const offers = extensions.length === 0 ? [] : parseExtensionList(extensions.join(','))
  if (offers === undefined) {
    return refuse(400, 'WEBSOCKET_EXTENSIONS_INVALID', 'Sec-WebSocket-Extensions is not a list of extensions')
  }
  const protocol = chooseSubprotocol(rules.protocols, theirs)
  const deflate = rules.deflate ? chooseDeflate(offers) : undefined
  return accept(headers.getAll('sec-websocket-key')[0]!, protocol, deflate)
}

/** The value of Sec-WebSocket-Accept for that of Sec-WebSocket-Key (section 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

function accept(key: string, protocol: string | undefined, deflate: DeflateAnswer | undefined): Handshake {
  const accepted = acceptFor(key)
  const headers: Record<string, string> = { 'sec-websocket-accept': accepted }
  if (protocol !== undefined) headers['sec-websocket-protocol'] = protocol
  if (deflate !== undefined) headers['sec-websocket-extensions'] = deflate.extensions
  return {
    type: 'accepted',
    accept: accepted,
    protocol,
    deflate: deflate && { windowBits: deflate.windowBits },
    headers,
  }
}

function refuseRequest({
  method,
  versionMinor,
  bodyKind,
  headers,
}: HandshakeRequest): HandshakeRefused | undefined {
  if (method !== 'GET') {
    return refuse(405, 'WEBSOCKET_METHOD_INVALID', 'a WebSocket is opened with GET', { allow: 'GET' })
  }
  // Upgrade means nothing in HTTP/1.0 (RFC 9110 section 7.8).
  if (versionMinor === 0 || !hasElement(headers.getAll('upgrade'), 'websocket')) {
    return refuse(426, 'WEBSOCKET_UPGRADE_REQUIRED', 'this address speaks WebSocket over HTTP/1.1', {
      upgrade: 'websocket',
    })
  }
  if (!hasElement(headers.getAll('connection'), 'upgrade')) {
    return refuse(400, 'WEBSOCKET_CONNECTION_INVALID', 'Connection does not say upgrade')
  }
  // It would be in the place of the first frames.
  if (bodyKind !== 'none') {
    return refuse(400, 'WEBSOCKET_BODY_UNEXPECTED', 'a request for a WebSocket has no body')
  }
  return undefined
}

/** The version first: another one may have another key. */
function refuseKey(headers: HandshakeRequest['headers']): HandshakeRefused | undefined {
  const versions = headers.getAll('sec-websocket-version')
  if (versions.length !== 1 || versions[0] !== VERSION) {
    return refuse(426, 'WEBSOCKET_VERSION_UNSUPPORTED', `WebSocket version ${VERSION} is spoken here`, {
      upgrade: 'websocket',
      'sec-websocket-version': VERSION,
    })
  }
  const keys = headers.getAll('sec-websocket-key')
  if (keys.length !== 1 || !KEY.test(keys[0]!)) {
    return refuse(400, 'WEBSOCKET_KEY_INVALID', 'Sec-WebSocket-Key is not one value of 16 bytes in base64')
  }
  return undefined
}

function refuseOrigin(headers: HandshakeRequest['headers'], rule: OriginRule): HandshakeRefused | undefined {
  const origins = headers.getAll('origin')
  const hosts = headers.getAll('host')
  if (origins.length > 1 || hosts.length !== 1) {
    return refuse(400, 'WEBSOCKET_ORIGIN_INVALID', 'Origin and Host are given once')
  }
  if (isOriginAllowed(rule, origins[0], hosts[0]!)) return undefined
  return refuse(403, 'WEBSOCKET_ORIGIN_FORBIDDEN', 'pages of this origin may not connect')
}

function hasElement(lines: readonly string[], element: string): boolean {
  return lines.some((line) => line.split(',').some((part) => trimBlanks(part).toLowerCase() === element))
}

function refuse(
  status: HandshakeRefused['status'],
  code: HandshakeRefusalCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HandshakeRefused {
  return { type: 'refused', status, code, message, headers }
}
