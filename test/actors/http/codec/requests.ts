/** Tables of requests, good and bad, each a whole byte stream. The laws about them are in `parse-*.test.ts`. */

const HOST = 'Host: a\r\n'
const POST = `POST / HTTP/1.1\r\n${HOST}`
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`

/** What is expected of the first message; `count` messages in all, 1 if left out. */
export interface ValidCase {
  readonly title: string
  readonly bytes: string
  readonly first?: Readonly<Record<string, unknown>>
  readonly count?: number
}

export const validRequests: readonly ValidCase[] = [
  {
    title: 'the smallest 1.1',
    bytes: `GET / HTTP/1.1\r\n${HOST}\r\n`,
    first: { versionMinor: 1, keepAlive: true },
  },
  {
    title: 'the smallest 1.0',
    bytes: 'GET / HTTP/1.0\r\n\r\n',
    first: { versionMinor: 0, keepAlive: false },
  },
  {
    title: '1.0 that wants to stay',
    bytes: 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n',
    first: { keepAlive: true },
  },
  {
    title: '1.1 that wants to go',
    bytes: `GET / HTTP/1.1\r\n${HOST}Connection: x, CLOSE\r\n\r\n`,
    first: { keepAlive: false },
  },
  { title: 'a higher minor version', bytes: `GET / HTTP/1.7\r\n${HOST}\r\n`, first: { versionMinor: 1 } },
  { title: 'empty lines first', bytes: `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n` },
  { title: 'only empty lines', bytes: '\r\n\r\n', count: 0 },
  { title: 'nothing', bytes: '', count: 0 },
  {
    title: 'any token as a method',
    bytes: `m-search! / HTTP/1.1\r\n${HOST}\r\n`,
    first: { method: 'm-search!' },
  },
  { title: 'a method of 32 characters', bytes: `${'M'.repeat(32)} / HTTP/1.1\r\n${HOST}\r\n` },
  {
    title: 'an absolute target',
    bytes: `GET http://b:80/c?d HTTP/1.1\r\n${HOST}\r\n`,
    first: { target: 'http://b:80/c?d' },
  },
  { title: 'an asterisk', bytes: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, first: { target: '*' } },
  {
    title: 'an authority',
    bytes: 'CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n',
    first: { target: 'a.b:443', keepAlive: false },
  },
  { title: 'what browsers leave unescaped', bytes: `GET /?q={a|b}^"<>\` HTTP/1.1\r\n${HOST}\r\n` },
  { title: 'an IPv6 host', bytes: 'GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n' },
  { title: 'an IPv6 host with an IPv4 address', bytes: 'GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n' },
  { title: 'the last port', bytes: 'GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n' },
  { title: 'an encoded host', bytes: 'GET / HTTP/1.1\r\nHost: %e3%82%a2.b_c\r\n\r\n' },
  { title: 'a host with an empty port', bytes: 'GET / HTTP/1.1\r\nHost: a:\r\n\r\n' },
  {
    title: 'white space around values, empty values, obs-text',
    bytes: `GET / HTTP/1.1\r\n${HOST}A: \t b \t c\t \r\nE:\r\nF: \t\r\nO: \xe9\r\n\r\n`,
    first: {
      headers: [
        ['host', 'a'],
        ['a', 'b \t c'],
        ['e', ''],
        ['f', ''],
        ['o', '\xe9'],
      ],
    },
  },
  {
    title: 'a body by length',
    bytes: `${POST}Content-Length: 5\r\n\r\nhello`,
    first: { bodyKind: 'length', body: 'hello' },
  },
  {
    title: 'a length with zeros and tabs',
    bytes: `${POST}Content-Length:\t005\t\r\n\r\nhello`,
    first: { body: 'hello' },
  },
  {
    title: 'a length of nothing',
    bytes: `${POST}Content-Length: 0\r\n\r\n`,
    first: { bodyKind: 'none', body: '' },
  },
  {
    title: 'three pipelined, with bodies that look like requests',
    bytes: `${POST}Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n${CHUNKED}3\r\n\r\n\r\r\n0\r\n\r\n\r\nGET /c HTTP/1.1\r\n${HOST}\r\n`,
    first: { body: 'GET / HTTP/1.1\r\n\r\n' },
    count: 3,
  },
  {
    title: 'chunks',
    bytes: `${CHUNKED}5\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\n`,
    first: { bodyKind: 'chunked', body: 'hello0123456789' },
  },
  { title: 'no chunks', bytes: `${CHUNKED}000\r\n\r\n`, first: { body: '' } },
  {
    title: 'Transfer-Encoding in capitals',
    bytes: `${POST}TRANSFER-ENCODING: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    first: { body: 'x' },
  },
  {
    title: 'chunk extensions of every shape',
    bytes: `${CHUNKED}1;a;b=c\r\nx\r\n1 ; a = "q;\\"\t"\r\ny\r\n0;last\t\t=\t1\r\n\r\n`,
    first: { body: 'xy' },
  },
  {
    title: 'trailers',
    bytes: `${CHUNKED}1\r\nx\r\n0\r\nDigest: abc\r\nX-T:\t1 \r\n\r\n`,
    first: {
      body: 'x',
      trailers: [
        ['digest', 'abc'],
        ['x-t', '1'],
      ],
    },
  },
  {
    title: 'an expectation',
    bytes: `${POST}Content-Length: 1\r\nExpect: 100-Continue\r\n\r\nx`,
    first: { expectContinue: true },
  },
  {
    title: 'an expectation without a body',
    bytes: `${POST}Expect: 100-continue\r\n\r\n`,
    first: { expectContinue: false },
  },
  {
    title: 'an expectation in 1.0',
    bytes: 'POST / HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\nx',
    first: { expectContinue: false },
  },
  {
    title: 'an upgrade',
    bytes: `GET / HTTP/1.1\r\n${HOST}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    first: { isUpgrade: true },
  },
  {
    title: 'Upgrade without Connection',
    bytes: `GET / HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`,
    first: { isUpgrade: false },
  },
]

export type InvalidCase = readonly [title: string, bytes: string, verdict: string]

const LINE = '400 HTTP_REQUEST_LINE_INVALID'
const METHOD = '400 HTTP_METHOD_INVALID'
const TARGET = '400 HTTP_TARGET_INVALID'
const FIELD = '400 HTTP_FIELD_INVALID'
const FOLDED = '400 HTTP_FIELD_FOLDED'
const BAD_HOST = '400 HTTP_HOST_INVALID'
const LENGTH = '400 HTTP_CONTENT_LENGTH_INVALID'
const CODING = '400 HTTP_TRANSFER_ENCODING_INVALID'
const UNKNOWN_CODING = '501 HTTP_TRANSFER_CODING_UNKNOWN'
const CHUNK = '400 HTTP_CHUNK_INVALID'
const TRUNCATED = '400 HTTP_TRUNCATED'
const VERSION = '505 HTTP_VERSION_UNSUPPORTED'

const line = (text: string): string => `${text}\r\n${HOST}\r\n`
const field = (text: string): string => `GET / HTTP/1.1\r\n${HOST}${text}\r\n\r\n`
const host = (text: string): string => `GET / HTTP/1.1\r\n${text}\r\n`
const post = (text: string): string => `${POST}${text}\r\n\r\n`

export const invalidRequests: readonly InvalidCase[] = [
  ['no version', line('GET /'), LINE],
  ['no target', line('GET HTTP/1.1'), LINE],
  ['a word', line('hello'), LINE],
  ['two spaces', line('GET  / HTTP/1.1'), LINE],
  ['a space behind the version', line('GET / HTTP/1.1 '), LINE],
  ['a space in the target', line('GET /a b HTTP/1.1'), LINE],
  ['a tab for a space', line('GET\t/ HTTP/1.1'), LINE],
  ['a space first', line(' GET / HTTP/1.1'), METHOD],
  ['a bare LF behind the request line', `GET / HTTP/1.1\n${HOST}\r\n`, LINE],
  ['bare LFs throughout', 'GET / HTTP/1.1\nHost: a\n\n', LINE],
  ['a bare CR in the request line', line('GET /\r HTTP/1.1'), TARGET],
  ['a bare LF first', `\nGET / HTTP/1.1\r\n${HOST}\r\n`, METHOD],
  ['a bare CR first', `\rGET / HTTP/1.1\r\n${HOST}\r\n`, METHOD],
  ['a TLS handshake', '\x16\x03\x01\x02\x00\x01', METHOD],
  ['a method that is no token', line('G@T / HTTP/1.1'), METHOD],
  ['a NUL in the target', line('GET /\0 HTTP/1.1'), TARGET],
  ['obs-text in the target', line('GET /\xe9 HTTP/1.1'), TARGET],
  ['a fragment', line('GET /#a HTTP/1.1'), TARGET],
  ['a relative target', line('GET a/b HTTP/1.1'), TARGET],
  ['a target of another scheme', line('GET ftp://a/ HTTP/1.1'), TARGET],
  ['an absolute target without a host', line('GET http:///a HTTP/1.1'), TARGET],
  ['an absolute target with userinfo', line('GET http://u@a/ HTTP/1.1'), TARGET],
  ['an asterisk for GET', line('GET * HTTP/1.1'), TARGET],
  ['an authority for GET', line('GET a:80 HTTP/1.1'), TARGET],
  ['a path for CONNECT', line('CONNECT / HTTP/1.1'), TARGET],
  ['an authority without a port', line('CONNECT a HTTP/1.1'), TARGET],
  ['a bad target before a bad field', 'GET a HTTP/1.1\r\n: b\r\n\r\n', TARGET],
  ['HTTP/2.0', line('GET / HTTP/2.0'), VERSION],
  ['HTTP/0.9', line('GET / HTTP/0.9'), VERSION],
  ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', VERSION],
  ['a version in small letters', line('GET / http/1.1'), LINE],
  ['a version of two digits', line('GET / HTTP/1.10'), LINE],
  ['a version without a minor', line('GET / HTTP/1'), LINE],
  ['six empty lines', `${'\r\n'.repeat(6)}${line('GET / HTTP/1.1')}`, '400 HTTP_EMPTY_LINES'],

  ['a space before the colon', field('A : b'), FIELD],
  ['a tab before the colon', field('A\t: b'), FIELD],
  ['no colon', field('A'), FIELD],
  ['no name', field(': b'), FIELD],
  ['a space in a name', field('A b: c'), FIELD],
  ['obs-text in a name', field('\xc4: b'), FIELD],
  ['a folded field', field('A: b\r\n c'), FOLDED],
  ['a tab-folded field', field('A: b\r\n\tc'), FOLDED],
  ['white space before the first field', `GET / HTTP/1.1\r\n ${HOST}\r\n`, FOLDED],
  ['a bare LF behind a field', field('A: b\nC: d'), FIELD],
  ['a bare LF for the empty line', `GET / HTTP/1.1\r\n${HOST}\n`, FIELD],
  ['a bare CR in a value', field('A: b\rC: d'), FIELD],
  ['CR CR LF', field('A: b\r'), FIELD],
  ['a NUL in a value', field('A: b\0'), FIELD],
  ['an escape in a value', field('A: \x1b[2J'), FIELD],
  ['a DEL in a value', field('A: \x7f'), FIELD],

  ['no Host', host(''), BAD_HOST],
  ['two Hosts', host('Host: a\r\nHost: a\r\n'), BAD_HOST],
  ['two Hosts in 1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', BAD_HOST],
  ['an empty Host', host('Host: \r\n'), BAD_HOST],
  ['userinfo in Host', host('Host: u@a\r\n'), BAD_HOST],
  ['a path in Host', host('Host: a/b\r\n'), BAD_HOST],
  ['a list in Host', host('Host: a, b\r\n'), BAD_HOST],
  ['a port that is none', host('Host: a:8x\r\n'), BAD_HOST],
  ['a port too long', host('Host: a:123456\r\n'), BAD_HOST],
  ['a port alone', host('Host: :80\r\n'), BAD_HOST],
  ['an IPv6 address without brackets', host('Host: ::1\r\n'), BAD_HOST],
  ['brackets left open', host('Host: [::1\r\n'), BAD_HOST],

  ['a length with a sign', post('Content-Length: +5'), LENGTH],
  ['a negative length', post('Content-Length: -5'), LENGTH],
  ['a hexadecimal length', post('Content-Length: 0x5'), LENGTH],
  ['a length with a fraction', post('Content-Length: 5.0'), LENGTH],
  ['an empty length', post('Content-Length:'), LENGTH],
  ['a list of equal lengths', post('Content-Length: 5, 5'), LENGTH],
  ['a length with a space in it', post('Content-Length: 5 5'), LENGTH],
  ['two lengths that differ', post('Content-Length: 5\r\nContent-Length: 6'), LENGTH],
  ['two lengths that agree', post('Content-Length: 5\r\nContent-Length: 5'), LENGTH],
  ['a length beyond counting', post(`Content-Length: ${'9'.repeat(400)}`), '413 HTTP_BODY_TOO_LARGE'],
  ['a length beyond the limit', post('Content-Length: 67108865'), '413 HTTP_BODY_TOO_LARGE'],
  ['both framings', post('Content-Length: 5\r\nTransfer-Encoding: chunked'), CODING],
  ['both framings, the other way round', post('Transfer-Encoding: chunked\r\nContent-Length: 5'), CODING],
  ['chunked in 1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', CODING],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked'), CODING],
  ['chunked twice, in two lines', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'), CODING],
  ['chunked not last', post('Transfer-Encoding: chunked, gzip'), CODING],
  ['no chunked', post('Transfer-Encoding: gzip'), CODING],
  ['identity', post('Transfer-Encoding: identity'), CODING],
  ['an empty Transfer-Encoding', post('Transfer-Encoding:'), CODING],
  ['an empty element', post('Transfer-Encoding: ,chunked'), CODING],
  ['chunked in quotes', post('Transfer-Encoding: "chunked"'), CODING],
  ['chunked with a vertical tab', post('Transfer-Encoding: \x0bchunked'), FIELD],
  ['chunked with a no-break space', post('Transfer-Encoding: \xa0chunked'), CODING],
  ['a coding before chunked', post('Transfer-Encoding: gzip, chunked'), UNKNOWN_CODING],
  ['another expectation', post('Expect: 200-ok'), '417 HTTP_EXPECTATION_UNKNOWN'],

  ['a chunk size that is none', `${CHUNKED}x\r\n`, CHUNK],
  ['an empty chunk size', `${CHUNKED}\r\n`, CHUNK],
  ['a chunk size with a prefix', `${CHUNKED}0x5\r\nhello\r\n`, CHUNK],
  ['a chunk size with a sign', `${CHUNKED}-5\r\nhello\r\n`, CHUNK],
  ['a space before a chunk size', `${CHUNKED} 5\r\nhello\r\n`, CHUNK],
  ['a space behind a chunk size', `${CHUNKED}5 \r\nhello\r\n`, CHUNK],
  ['a bare LF behind a chunk size', `${CHUNKED}5\nhello\r\n`, CHUNK],
  ['a bare CR in an extension', `${CHUNKED}5;a\rb\r\nhello\r\n`, CHUNK],
  ['an extension without a name', `${CHUNKED}5;\r\nhello\r\n`, CHUNK],
  ['an extension left open', `${CHUNKED}5;a="b\r\nhello\r\n`, CHUNK],
  ['a chunk shorter than its size', `${CHUNKED}5\r\nhell\r\n0\r\n\r\n`, CHUNK],
  ['a chunk longer than its size', `${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`, CHUNK],
  ['a bare LF behind a chunk', `${CHUNKED}5\r\nhello\n0\r\n\r\n`, CHUNK],
  ['a chunk size of 17 digits', `${CHUNKED}${'0'.repeat(16)}5\r\nhello\r\n`, CHUNK],
  ['a chunk size beyond counting', `${CHUNKED}${'f'.repeat(16)}\r\n`, '413 HTTP_BODY_TOO_LARGE'],
  ['extensions beyond the limit', `${CHUNKED}5;${'a'.repeat(17_000)}`, '413 HTTP_CHUNK_EXTENSIONS_TOO_LARGE'],
  ['a folded trailer', `${CHUNKED}0\r\nA: b\r\n c\r\n\r\n`, FOLDED],
  ['a trailer without a colon', `${CHUNKED}0\r\nA\r\n\r\n`, FIELD],
  ['a bare LF behind the last chunk', `${CHUNKED}0\r\n\n`, FIELD],
  ['a framing field as a trailer', `${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`, '400 HTTP_TRAILER_FORBIDDEN'],

  ['an end within the request line', 'GET / HT', TRUNCATED],
  ['an end within the fields', `GET / HTTP/1.1\r\n${HOST}`, TRUNCATED],
  ['an end within an empty line', '\r', TRUNCATED],
  ['an end within a body', `${POST}Content-Length: 5\r\n\r\nhell`, TRUNCATED],
  ['an end within a chunk', `${CHUNKED}5\r\nhell`, TRUNCATED],
  ['an end behind a chunk', `${CHUNKED}5\r\nhello\r`, TRUNCATED],
  ['an end within a chunk size', `${CHUNKED}5`, TRUNCATED],
  ['an end before the trailers', `${CHUNKED}0\r\n`, TRUNCATED],
]
