/** Guards: every limit lets exactly its value pass, refuses one more, and does so in every cut. */
import test from 'ava'
import { createHttpLimits, defaultHttpLimits, type HttpLimits } from '../../../../actors/http/limits.ts'
import { everyCut, read } from './reading.ts'

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n'
const CHUNKED = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`

/** `make(n)` is a request that uses exactly `n` of the limit. */
const limited: readonly (readonly [
  name: keyof HttpLimits,
  value: number,
  make: (n: number) => string,
  verdict: string,
])[] = [
  [
    'requestLineBytesMax',
    100,
    (n) => `GET /${'a'.repeat(n - 16)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    '414 HTTP_REQUEST_LINE_TOO_LONG',
  ],
  [
    'headBytesMax',
    100,
    (n) => `${HEAD}A: ${'b'.repeat(n - HEAD.length - 7)}\r\n\r\n`,
    '431 HTTP_HEAD_TOO_LARGE',
  ],
  ['headerCountMax', 5, (n) => `${HEAD}${'A: b\r\n'.repeat(n - 1)}\r\n`, '431 HTTP_TOO_MANY_FIELDS'],
  ['emptyLinesMax', 3, (n) => `${'\r\n'.repeat(n)}${HEAD}\r\n`, '400 HTTP_EMPTY_LINES'],
  [
    'bodyBytesMax',
    10,
    (n) => `${HEAD}Content-Length: ${n}\r\n\r\n${'x'.repeat(n)}`,
    '413 HTTP_BODY_TOO_LARGE',
  ],
  [
    'bodyBytesMax',
    10,
    (n) => `${CHUNKED}4\r\nxxxx\r\n${n - 4}\r\n${'x'.repeat(n - 4)}\r\n0\r\n\r\n`,
    '413 HTTP_BODY_TOO_LARGE',
  ],
  [
    'chunkExtensionBytesMax',
    8,
    (n) => `${CHUNKED}1;abc\r\nx\r\n0;${'a'.repeat(n - 5)}\r\n\r\n`,
    '413 HTTP_CHUNK_EXTENSIONS_TOO_LARGE',
  ],
  [
    'trailerBytesMax',
    20,
    (n) => `${CHUNKED}0\r\nA: b\r\nC: ${'d'.repeat(n - 13)}\r\n\r\n`,
    '431 HTTP_TRAILERS_TOO_LARGE',
  ],
  ['headerCountMax', 5, (n) => `${CHUNKED}0\r\n${'A: b\r\n'.repeat(n)}\r\n`, '431 HTTP_TRAILERS_TOO_LARGE'],
]

for (const [name, value, make, verdict] of limited) {
  const limits = createHttpLimits({ [name]: value })

  test(`${name} lets ${value} pass and refuses one more: ${verdict}, ${make(value).length} bytes`, (t) => {
    for (const pieces of everyCut(Buffer.from(make(value)))) t.is(read(pieces, limits).verdict, 'end')
    for (const pieces of everyCut(Buffer.from(make(value + 1)))) t.is(read(pieces, limits).verdict, verdict)
  })
}

test('what has no end is refused at its limit, line feed or not', (t) => {
  const endless: readonly (readonly [bytes: string, verdict: string])[] = [
    [`GET /${'a'.repeat(8 * 1024)}`, '414 HTTP_REQUEST_LINE_TOO_LONG'],
    [`${HEAD}A: ${'b'.repeat(16 * 1024)}`, '431 HTTP_HEAD_TOO_LARGE'],
    [`${HEAD}${'A: b\r\n'.repeat(101)}`, '431 HTTP_TOO_MANY_FIELDS'],
    [`${CHUNKED}1;${'a'.repeat(17 * 1024)}`, '413 HTTP_CHUNK_EXTENSIONS_TOO_LARGE'],
    [`${CHUNKED}0\r\nA: ${'b'.repeat(9 * 1024)}`, '431 HTTP_TRAILERS_TOO_LARGE'],
  ]
  for (const [bytes, verdict] of endless) {
    const buffer = Buffer.from(bytes)
    t.is(read([buffer]).verdict, verdict)
    t.is(read(Array.from(buffer, (byte) => Buffer.of(byte))).verdict, verdict)
  }
})

test('a length is judged before a content, so that a long bad line is refused alike in every cut', (t) => {
  const limits = createHttpLimits({ requestLineBytesMax: 64, headBytesMax: 64 })
  for (const bytes of [`GET /${'a'.repeat(60)} HTTP/9.9\r\n\r\n`, `${HEAD}A b: ${'c'.repeat(60)}\r\n\r\n`]) {
    const whole = read([Buffer.from(bytes)], limits)
    t.regex(whole.verdict, /^4[13][14] /)
    for (const pieces of everyCut(Buffer.from(bytes))) t.deepEqual(read(pieces, limits), whole)
  }
})

test('ten megabytes pass under the defaults', (t) => {
  t.true(defaultHttpLimits.bodyBytesMax >= 10_000_000)
})

const badLimits: readonly (readonly [overrides: Record<string, unknown>, code: string, message: RegExp])[] = [
  [{ headerBytes: 1 }, 'HTTP_LIMIT_UNKNOWN', /"headerBytes".*headBytesMax/],
  [{ headBytesMax: 0 }, 'HTTP_LIMIT_INVALID', /headBytesMax.*from 64 to 1048576, not 0/],
  [{ bodyBytesMax: Number.POSITIVE_INFINITY }, 'HTTP_LIMIT_INVALID', /bodyBytesMax.*not Infinity/],
  [{ headersTimeoutMs: 1.5 }, 'HTTP_LIMIT_INVALID', /headersTimeoutMs.*whole number.*not 1.5/],
  [{ headerCountMax: '16' }, 'HTTP_LIMIT_INVALID', /headerCountMax/],
  [
    { requestLineBytesMax: 200, headBytesMax: 100 },
    'HTTP_LIMIT_INVALID',
    /at most headBytesMax \(100\), not 200/,
  ],
]

for (const [overrides, code, message] of badLimits) {
  test(`refuses the limits ${JSON.stringify(overrides)} ${code}`, (t) => {
    t.throws(() => createHttpLimits(overrides as Partial<HttpLimits>), { code, message })
  })
}

test('a head that is made smaller than the default request line takes the request line with it', (t) => {
  t.is(createHttpLimits({ headBytesMax: 4096 }).requestLineBytesMax, 4096)
})
