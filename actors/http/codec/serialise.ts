/**
 * From a response's parts to its bytes, as latin1 text that the caller joins with the body into one write.
 *
 * Rules:
 * - Nothing unchecked is written. A name is a token and a value holds no CR, LF, NUL or other control character, so a
 *   handler that copies a user's text into a field cannot split the response.
 * - How the body ends and whether the connection lives is the codec's to say. A handler that sets Content-Length,
 *   Transfer-Encoding or Connection is told so, instead of two truths going out.
 * - The status line says HTTP/1.1 to everyone: a response carries its sender's version (RFC 9110 section 6.2).
 */
import { UsageError } from '../../../runtime/errors.ts'
import type { BodyKind } from './framing.ts'
import { isFieldValue, isToken } from './grammar.ts'
import { allowsBody, reasonPhrase } from './status.ts'

/** Field values; an array is written as one line for each element. */
export type FieldValue = string | number | readonly string[]

/** The fields of a response as a handler gives them, or ready-made by `headerBlock`. */
export type ResponseHeaders =
  | Readonly<Record<string, FieldValue>>
  | readonly (readonly [string, FieldValue])[]
  | HeaderBlock

/** Besides the kinds of a request's body, `close`: it ends with the connection, the only way to stream to HTTP/1.0. */
export type ResponseBodyKind = BodyKind | 'close'

export interface ResponseFraming {
  /** Version of the request that is answered. */
  readonly versionMinor: 0 | 1
  readonly keepAlive: boolean
  /** The Date field, as IMF-fixdate (RFC 9110 section 5.6.7); `undefined` leaves it out, as a server without a clock must. */
  readonly date: string | undefined
  readonly bodyKind: ResponseBodyKind
  /** Bytes of the body, for the kind `length`. To HEAD give what GET would have, and send no body. */
  readonly contentLength: number
}

/** Checked and serialised fields. Make one for fields that are sent often; it can be used for any number of responses. */
export class HeaderBlock {
  readonly text: string
  readonly hasDate: boolean
  /** It offers other protocols, which Connection has to name then (RFC 9110 section 7.8). */
  readonly hasUpgrade: boolean

  constructor(text: string, hasDate: boolean, hasUpgrade = false) {
    this.text = text
    this.hasDate = hasDate
    this.hasUpgrade = hasUpgrade
  }
}

const emptyBlock = new HeaderBlock('', false)

/**
 * Status lines made so far, by status; at most one for each of the 900 that are possible. A cache, not state: emptied
 * at any time, it changes nothing but the next response's speed.
 */
const statusLines: string[] = []

/** Content-Length lines of small bodies, by length: most responses are small, and need not print their number. */
const lengthLines = Array.from({ length: 1024 }, (_, length) => `content-length: ${length}\r\n`)

/** Names found to be tokens. Programs use few names, and few that are not constants; beyond the bound they are only checked. */
const knownNames = new Set<string>()
const KNOWN_NAMES_MAX = 512

/**
 * The head of a response, up to and with its empty line.
 *
 * @throws UsageError: `HTTP_STATUS_INVALID` for a status that is not a whole number from 100 to 999,
 *   `HTTP_HEADER_INVALID` for a name or value that cannot be sent, `HTTP_HEADER_RESERVED` for a field that is the
 *   codec's, `HTTP_BODY_FORBIDDEN` for content with 1xx, 204 or 304, and `HTTP_BODY_UNFRAMED` for a body whose end an
 *   HTTP/1.0 client or a connection that lives on could not see.
 */
export function serialiseHead(
  status: number,
  headers: ResponseHeaders | undefined,
  framing: ResponseFraming,
): string {
  const block = headers === undefined ? emptyBlock : headerBlock(headers)
  let head = (statusLines[status] ?? statusLine(status)) + block.text
  if (framing.date !== undefined && !block.hasDate) head += `date: ${framing.date}\r\n`
  if (status >= 200) head += connectionLine(framing, block.hasUpgrade)
  return `${head}${bodyLine(status, framing)}\r\n`
}

/** Checks and serialises fields once, for many responses. What is ready-made is given back. */
export function headerBlock(headers: ResponseHeaders): HeaderBlock {
  if (headers instanceof HeaderBlock) return headers
  const writer = new BlockWriter()
  if (Array.isArray(headers)) {
    for (const [name, value] of headers as readonly (readonly [string, FieldValue])[]) writer.add(name, value)
  } else {
    const record = headers as Readonly<Record<string, FieldValue>>
    for (const name in record) if (Object.hasOwn(record, name)) writer.add(name, record[name]!)
  }
  return new HeaderBlock(writer.text, writer.hasDate, writer.hasUpgrade)
}

/**
 * The head that hands a connection over: 101 to `protocol`, or, where that is undefined, 200 to CONNECT.
 *
 * @throws UsageError (`HTTP_UPGRADE_INVALID`) for a protocol that is not `token` or `token/token`.
 */
export function serialiseSwitch(protocol: string | undefined, headers: HeaderBlock, date: string): string {
  const dateLine = headers.hasDate ? '' : `date: ${date}\r\n`
  if (protocol === undefined) return `${statusLine(200)}${headers.text}${dateLine}\r\n`
  const parts = protocol.split('/')
  if (parts.length > 2 || !parts.every(isToken)) {
    throw new UsageError('HTTP_UPGRADE_INVALID', `${JSON.stringify(protocol)} is not the name of a protocol`)
  }
  return `${statusLine(101)}upgrade: ${protocol}\r\nconnection: upgrade\r\n${headers.text}${dateLine}\r\n`
}

/** What stands before `bytes` bytes of data. Never for 0, which would end the body. The data is followed by `chunkEnd`. */
export function chunkHeader(bytes: number): string {
  if (bytes <= 0) throw new UsageError('HTTP_CHUNK_EMPTY', 'an empty chunk would end the body')
  return `${bytes.toString(16)}\r\n`
}

export const chunkEnd = '\r\n'

/** The end of a chunked body, with its trailers if it has any. */
export function lastChunk(trailers?: ResponseHeaders): string {
  return trailers === undefined ? '0\r\n\r\n' : `0\r\n${headerBlock(trailers).text}\r\n`
}

function statusLine(status: number): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new UsageError(
      'HTTP_STATUS_INVALID',
      `a status is a whole number from 100 to 999, not ${String(status)}`,
    )
  }
  const line = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
  statusLines[status] = line
  return line
}

function connectionLine(framing: ResponseFraming, hasUpgrade: boolean): string {
  if (!framing.keepAlive) return hasUpgrade ? 'connection: close, upgrade\r\n' : 'connection: close\r\n'
  if (hasUpgrade) return 'connection: upgrade\r\n'
  return framing.versionMinor === 0 ? 'connection: keep-alive\r\n' : ''
}

function bodyLine(status: number, framing: ResponseFraming): string {
  const { bodyKind, contentLength } = framing
  if (!allowsBody(status)) {
    // 304 may repeat the length of what it does not send; a stray length on 204 or 1xx would desynchronise the peer.
    const isEmpty = bodyKind === 'none' || (bodyKind === 'length' && contentLength === 0)
    if (isEmpty || status === 304) return ''
    throw new UsageError('HTTP_BODY_FORBIDDEN', `a response with status ${status} cannot have a body`)
  }
  switch (bodyKind) {
    case 'none':
      return lengthLines[0]!
    case 'length':
      return lengthLines[contentLength] ?? lengthLine(contentLength)
    case 'chunked':
      if (framing.versionMinor === 0) throw unframed('an HTTP/1.0 client cannot read a chunked body')
      return 'transfer-encoding: chunked\r\n'
    case 'close':
      if (framing.keepAlive) throw unframed('a body that ends with its connection cannot leave it open')
      return ''
  }
}

function lengthLine(contentLength: number): string {
  if (!Number.isSafeInteger(contentLength) || contentLength < 0) {
    throw unframed(`${String(contentLength)} is not the length of a body`)
  }
  return `content-length: ${contentLength}\r\n`
}

function unframed(what: string): UsageError {
  return new UsageError('HTTP_BODY_UNFRAMED', what)
}

function reserved(name: string): UsageError {
  return new UsageError(
    'HTTP_HEADER_RESERVED',
    `"${name}" is set by the server, from the body and the connection`,
  )
}

/** Collects checked lines. A class, so that nothing is allocated for a line but its text. */
class BlockWriter {
  text = ''
  hasDate = false
  hasUpgrade = false

  add(name: string, value: FieldValue): void {
    this.#noteName(name)
    if (typeof value === 'string') this.#addLine(name, value)
    else if (typeof value === 'number') this.#addLine(name, String(value))
    else if (Array.isArray(value)) for (const line of value) this.#addLine(name, line)
    else this.#refuseValue(name, value)
  }

  /** Looks only at names as long as one that matters: 4 date, 7 upgrade, 10 connection, 14 content-length, 17 transfer-encoding. */
  #noteName(name: string): void {
    if (!knownNames.has(name)) {
      if (typeof name !== 'string' || !isToken(name)) {
        throw new UsageError('HTTP_HEADER_INVALID', `${JSON.stringify(name)} cannot be the name of a field`)
      }
      if (knownNames.size < KNOWN_NAMES_MAX) knownNames.add(name)
    }
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'date') this.hasDate = true
        break
      case 7:
        if (name.toLowerCase() === 'upgrade') this.hasUpgrade = true
        break
      case 10:
        if (name.toLowerCase() === 'connection') throw reserved(name)
        break
      case 14:
        if (name.toLowerCase() === 'content-length') throw reserved(name)
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') throw reserved(name)
        break
    }
  }

  #addLine(name: string, value: string): void {
    if (typeof value !== 'string' || !isFieldValue(value)) this.#refuseValue(name, value)
    this.text += `${name}: ${value}\r\n`
  }

  /** The value itself stays out of the message: it may be a secret, and it may be an attack on the log. */
  #refuseValue(name: string, value: unknown): never {
    const what =
      typeof value === 'string'
        ? 'holds a character that cannot be sent'
        : `is not a string but ${typeof value}`
    throw new UsageError('HTTP_HEADER_INVALID', `the value of field "${name}" ${what}`)
  }
}
