/** Arbitrary valid requests: the whole grammar of RFC 9112 and what RFC 9110 lends to it, as far as it is spoken here. */
import fc from 'fast-check'
import { type Body, type Chunk, type Line, line, messageOf, type Parts } from './parts.ts'
import {
  anyBytes,
  anyCase,
  asked,
  blank,
  extensions,
  fieldValue,
  host,
  token,
  tunnelAsked,
} from './values.ts'

export interface Choice {
  /** Of the version; any if left out. */
  readonly minor?: 0 | 1
  /** Any that the version has if left out. */
  readonly body?: Body['kind']
  /** Whether it ends its connection; either if left out. */
  readonly isLast?: boolean
}

/** A valid request. */
export function request({ minor, body, isLast }: Choice = {}): fc.Arbitrary<Parts> {
  const kinds = {
    minor: minor === undefined ? fc.constantFrom(0 as const, 1 as const) : fc.constant(minor),
    body: body === undefined ? fc.constantFrom<Kind>('none', 'length', 'chunked') : fc.constant(body),
    isTunnel: isLast !== false && body === undefined ? fc.nat(9).map((n) => n === 0) : fc.constant(false),
  }
  const any = fc.record(kinds).chain((made) => {
    if (made.isTunnel) return requestOf(made.minor, tunnelAsked, { kind: 'none' })
    // HTTP/1.0 knows no chunks.
    const kind = made.minor === 0 && made.body === 'chunked' ? 'length' : made.body
    return bodyOf[kind].chain((content) => requestOf(made.minor, asked, content))
  })
  return isLast === undefined ? any : any.filter((parts) => messageOf(parts).keepAlive !== isLast)
}

type Kind = Body['kind']

function chunk(data: fc.Arbitrary<string>): fc.Arbitrary<Chunk> {
  return fc.tuple(data, fc.nat(3), fc.boolean(), extensions).map(([bytes, zeros, isUpper, text]) => {
    const digits = bytes.length.toString(16)
    const size = '0'.repeat(zeros) + (isUpper ? digits.toUpperCase() : digits)
    return { size, extensions: text, lineEnd: '\r\n', data: bytes, dataEnd: bytes === '' ? '' : '\r\n' }
  })
}

function dressed(names: fc.Arbitrary<string>, values: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  return fc
    .tuple(names, values, blank, blank)
    .map(([name, value, blankBefore, blankAfter]) => ({ ...line(name, value), blankBefore, blankAfter }))
}

/** The prefix keeps random names away from those that mean something. */
const neutralLine = dressed(
  token.map((name) => `X-${name}`),
  fieldValue,
)

function known(name: string, ...values: readonly string[]): fc.Arbitrary<Line> {
  return dressed(anyCase(name), fc.constantFrom(...values))
}

const connectionLine = fc.oneof(
  known(
    'Connection',
    'keep-alive',
    'x, Keep-Alive',
    'Upgrade',
    'keep-alive,\tupgrade',
    'content-length, host',
  ),
  known('Upgrade', 'websocket', 'h2c, x/1'),
  known('Keep-Alive', 'timeout=5'),
)
const closingLine = known('Connection', 'close', 'x , CLOSE,y', 'Close, keep-alive')
const expectLine = dressed(anyCase('Expect'), anyCase('100-continue'))
const hostLine = dressed(anyCase('Host'), host)

const bodyOf: Readonly<Record<Kind, fc.Arbitrary<Body>>> = {
  none: fc.constant({ kind: 'none' }),
  length: fc.oneof(fc.constant(''), anyBytes).map((data) => ({ kind: 'length', data })),
  chunked: fc
    .tuple(
      fc.array(chunk(anyBytes), { maxLength: 3 }),
      chunk(fc.constant('')),
      fc.array(neutralLine, { maxLength: 2 }),
    )
    .map(([chunks, last, trailers]) => ({
      kind: 'chunked',
      chunks: [...chunks, last],
      trailers,
      end: '\r\n',
    })),
}

function framingLines(body: Body): fc.Arbitrary<readonly Line[]> {
  if (body.kind === 'none') return fc.constant([])
  if (body.kind === 'chunked') {
    return dressed(anyCase('Transfer-Encoding'), anyCase('chunked')).map((made) => [made])
  }
  const { length } = body.data
  return known('Content-Length', `${length}`, `0${length}`, `000${length}`).map((made) => [made])
}

function seldom<T>(lines: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 7, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: lines.map((made) => [made]) },
  )
}

function requestOf(minor: 0 | 1, methods: typeof asked, body: Body): fc.Arbitrary<Parts> {
  const versions = minor === 0 ? ['HTTP/1.0'] : ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.2', 'HTTP/1.9']
  const lines = fc
    .tuple(
      minor === 0 ? seldom(hostLine) : hostLine.map((made) => [made]),
      framingLines(body),
      seldom(expectLine),
      seldom(closingLine),
      fc.array(connectionLine, { maxLength: 2 }),
      fc.array(neutralLine, { maxLength: 3 }),
    )
    .map((groups) => groups.flat())
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }))
  return fc
    .tuple(fc.nat(5), methods, fc.constantFrom(...versions), lines)
    .map(([empty, [method, target], version, shuffled]) => ({
      emptyLines: '\r\n'.repeat(empty),
      method,
      methodEnd: ' ',
      target,
      targetEnd: ' ',
      version,
      lineEnd: '\r\n',
      lines: shuffled,
      headEnd: '\r\n',
      body,
    }))
}
