/** Guards: what goes out is well formed whatever a handler gives, and its end can be seen by whom it is sent to. */
import test from 'ava'
import fc from 'fast-check'
import {
  chunkEnd,
  chunkHeader,
  headerBlock,
  lastChunk,
  type ResponseFraming,
  type ResponseHeaders,
  serialiseHead,
} from '../../../../actors/http/codec/serialise.ts'
import { allowsBody, reasonPhrase } from '../../../../actors/http/codec/status.ts'
import { UsageError } from '../../../../runtime/errors.ts'

const framing: ResponseFraming = {
  versionMinor: 1,
  keepAlive: true,
  date: undefined,
  bodyKind: 'length',
  contentLength: 5,
}

const heads: readonly (readonly [
  title: string,
  status: number,
  headers: ResponseHeaders | undefined,
  framing: Partial<ResponseFraming>,
  lines: readonly string[],
])[] = [
  ['a length', 200, undefined, {}, ['200 OK', 'content-length: 5']],
  [
    'a large length',
    200,
    undefined,
    { contentLength: 2 ** 53 - 1 },
    ['200 OK', 'content-length: 9007199254740991'],
  ],
  ['no body', 404, undefined, { bodyKind: 'none' }, ['404 Not Found', 'content-length: 0']],
  ['chunks', 200, undefined, { bodyKind: 'chunked' }, ['200 OK', 'transfer-encoding: chunked']],
  ['a close', 200, undefined, { keepAlive: false }, ['200 OK', 'connection: close', 'content-length: 5']],
  [
    '1.0 that stays',
    200,
    undefined,
    { versionMinor: 0 },
    ['200 OK', 'connection: keep-alive', 'content-length: 5'],
  ],
  [
    '1.0 until its end',
    200,
    undefined,
    { versionMinor: 0, keepAlive: false, bodyKind: 'close' },
    ['200 OK', 'connection: close'],
  ],
  ['a date', 200, { a: 'b' }, { date: 'now' }, ['200 OK', 'a: b', 'date: now', 'content-length: 5']],
  [
    'a date of its own',
    200,
    { Date: 'then' },
    { date: 'now' },
    ['200 OK', 'Date: then', 'content-length: 5'],
  ],
  [
    'fields in a list',
    201,
    [
      ['A', 'b'],
      ['A', 'c'],
    ],
    {},
    ['201 Created', 'A: b', 'A: c', 'content-length: 5'],
  ],
  [
    'fields in an array',
    200,
    { 'set-cookie': ['a', 'b'], n: 7 },
    {},
    ['200 OK', 'set-cookie: a', 'set-cookie: b', 'n: 7', 'content-length: 5'],
  ],
  ['a ready-made block', 200, headerBlock({ a: 'b' }), {}, ['200 OK', 'a: b', 'content-length: 5']],
  ['204', 204, undefined, { bodyKind: 'none' }, ['204 No Content']],
  ['304', 304, { etag: '"a"' }, {}, ['304 Not Modified', 'etag: "a"']],
  ['100', 100, undefined, { bodyKind: 'none', keepAlive: false }, ['100 Continue']],
  ['a status without a phrase', 299, undefined, {}, ['299 Unknown', 'content-length: 5']],
]

for (const [title, status, headers, overrides, lines] of heads) {
  test(`writes ${title}`, (t) => {
    t.is(
      serialiseHead(status, headers, { ...framing, ...overrides }),
      `HTTP/1.1 ${lines.join('\r\n')}\r\n\r\n`,
    )
  })
}

const refused: readonly (readonly [
  title: string,
  code: string,
  status: number,
  headers: unknown,
  framing: Partial<ResponseFraming>,
])[] = [
  ['a status of two digits', 'HTTP_STATUS_INVALID', 99, undefined, {}],
  ['a status of four digits', 'HTTP_STATUS_INVALID', 1000, undefined, {}],
  ['a status that is no number', 'HTTP_STATUS_INVALID', Number.NaN, undefined, {}],
  ['CRLF in a value', 'HTTP_HEADER_INVALID', 200, { a: 'b\r\nc: d' }, {}],
  ['a bare LF in a value', 'HTTP_HEADER_INVALID', 200, { a: 'b\nc' }, {}],
  ['a bare CR in a value', 'HTTP_HEADER_INVALID', 200, { a: 'b\rc' }, {}],
  ['a NUL in a value', 'HTTP_HEADER_INVALID', 200, { a: '\0' }, {}],
  ['a character beyond latin1', 'HTTP_HEADER_INVALID', 200, { a: '\u010d\u010a' }, {}],
  ['a value that is no text', 'HTTP_HEADER_INVALID', 200, { a: undefined }, {}],
  ['an array with no text', 'HTTP_HEADER_INVALID', 200, { a: [null] }, {}],
  ['CRLF in a name', 'HTTP_HEADER_INVALID', 200, { 'a\r\nb': 'c' }, {}],
  ['a colon in a name', 'HTTP_HEADER_INVALID', 200, { 'a:': 'b' }, {}],
  ['an empty name', 'HTTP_HEADER_INVALID', 200, { '': 'b' }, {}],
  ['its own Content-Length', 'HTTP_HEADER_RESERVED', 200, { 'Content-Length': '7' }, {}],
  ['its own Transfer-Encoding', 'HTTP_HEADER_RESERVED', 200, [['transfer-encoding', 'chunked']], {}],
  ['its own Connection', 'HTTP_HEADER_RESERVED', 200, { Connection: 'close' }, {}],
  ['a body with 204', 'HTTP_BODY_FORBIDDEN', 204, undefined, {}],
  ['chunks with 101', 'HTTP_BODY_FORBIDDEN', 101, undefined, { bodyKind: 'chunked' }],
  ['chunks to 1.0', 'HTTP_BODY_UNFRAMED', 200, undefined, { versionMinor: 0, bodyKind: 'chunked' }],
  [
    'a body without end on a connection that lives',
    'HTTP_BODY_UNFRAMED',
    200,
    undefined,
    { bodyKind: 'close' },
  ],
  ['a negative length', 'HTTP_BODY_UNFRAMED', 200, undefined, { contentLength: -1 }],
  ['half a byte', 'HTTP_BODY_UNFRAMED', 200, undefined, { contentLength: 0.5 }],
]

for (const [title, code, status, headers, overrides] of refused) {
  test(`refuses to write ${title}`, (t) => {
    const write = (): string =>
      serialiseHead(status, headers as ResponseHeaders, { ...framing, ...overrides })
    t.throws(write, { instanceOf: UsageError, code })
    t.throws(write, { code }, 'the second time too, when caches are warm')
  })
}

test('names the field and not its value', (t) => {
  const error = t.throws(() => headerBlock({ 'x-secret': 'abc\ndef' }))
  t.regex(error?.message ?? '', /x-secret/)
  t.notRegex(error?.message ?? '', /abc/)
})

test('chunks have sizes in hexadecimal, and none is empty', (t) => {
  t.is(chunkHeader(1), '1\r\n')
  t.is(chunkHeader(65_536), '10000\r\n')
  t.is(chunkEnd, '\r\n')
  t.throws(() => chunkHeader(0), { code: 'HTTP_CHUNK_EMPTY' })
})

test('the last chunk carries the trailers', (t) => {
  t.is(lastChunk(), '0\r\n\r\n')
  t.is(lastChunk({ a: 'b' }), '0\r\na: b\r\n\r\n')
  t.throws(() => lastChunk({ 'content-length': '1' }), { code: 'HTTP_HEADER_RESERVED' })
})

test('no text that a handler gives adds a line', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
      try {
        return headerBlock([[name, value]]).text.split(/[\r\n]+/).length === 2
      } catch (error) {
        return error instanceof UsageError
      }
    }),
  )
  t.pass()
})

test('1xx, 204 and 304 have no body, and every status a phrase', (t) => {
  t.deepEqual([100, 199, 200, 204, 205, 304, 404].map(allowsBody), [
    false,
    false,
    true,
    false,
    true,
    false,
    true,
  ])
  t.is(reasonPhrase(418), 'Unknown')
  t.is(reasonPhrase(503), 'Service Unavailable')
})
