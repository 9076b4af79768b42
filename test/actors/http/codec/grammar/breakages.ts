/** Ways to break one production of a valid request, each with the verdict that it must have. */
import fc from 'fast-check'
import { BAD } from '../../smuggling/vector.ts'
import {
  type Breakage,
  badLine,
  breakage,
  one,
  spoilt,
  withChunked,
  withChunkHeader,
  withData,
  withField,
  withLine,
  withPart,
  withTrailer,
  withValue,
} from './breaking.ts'
import { line } from './parts.ts'
import type { Choice } from './valid.ts'
import { host, token } from './values.ts'

const chunked: Choice = { body: 'chunked' }
const byLength: Choice = { body: 'length' }
const unframed: Choice = { body: 'none' }

const versions = ['http/1.1', 'HTTP/1', 'HTTP/1.10', 'HTTP/11', 'HTTP', 'HTTP/1,1', 'ICE/1.0', '']
const controls = ['\0', '\x01', '\x0b', '\x0c', '\r', '\x1b', '\x7f']
const targets = [
  'a',
  'a/b',
  '?a',
  'a:80',
  'http:/a',
  'http://',
  'http:///a',
  'http://u@a/',
  'http://a:x/',
  'ftp://a/',
]
const hosts = [
  '',
  'u@a',
  'a/b',
  'a,b',
  'a b',
  'a:65536',
  'a:x',
  '::1',
  '[::1',
  '[::1%25a]',
  '[v1.a]',
  'a%2',
  '\xe9',
]
const lengths = ['', '+1', '-1', '0x1', '1,1', '1 1', '1.0', '"1"', '1_0', '\xb2']
const codings = [
  '',
  'gzip',
  'identity',
  'xchunked',
  'chunked;a',
  '"chunked"',
  'chunked,',
  ',chunked',
  'chunked, gzip',
]
const expectations = ['', 'x', '100-continue, x', 'y 100-continue', '100-continue;a']
const extensions = [';', ';;a', ';a=', ';=a', ';a b', ';a="', ';a="b"c', ';a\0', ';"a"', ' a', ' ']

const heads: readonly Breakage[] = [
  breakage(
    'more than one space',
    BAD.line,
    withPart('methodEnd', () => one('  ', '   ')),
  ),
  breakage(
    'more than one space before the version',
    BAD.line,
    withPart('targetEnd', () => one('  ', '   ')),
  ),
  breakage(
    'other white space for a space, or none',
    BAD.line,
    withPart('methodEnd', () => one('\t', '\x0b', '\x0c', '\r', '')),
  ),
  breakage(
    'a request line that ends otherwise',
    BAD.line,
    withPart('lineEnd', () => one('\n', 'x\n', ' \n', '\r\r\n', ' \r\n', '\t\r\n', '\0\r\n')),
  ),
  breakage(
    'a version that is none',
    BAD.line,
    withPart('version', () => one(...versions)),
  ),
  breakage(
    'another major version',
    BAD.version,
    withPart('version', () => one('HTTP/0.9', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/9.1')),
  ),
  breakage(
    'a method that is no token',
    BAD.method,
    withPart('method', ({ method }) =>
      spoilt(method, one('(', ':', '"', '/', '@', '[', '{', '\0', '\t', '\xe9')),
    ),
  ),
  breakage(
    'a first byte that begins no method',
    BAD.method,
    withPart('method', ({ method }) =>
      one(' ', '\t', '\0', '\x16', '"', '\xef').map((first) => first + method),
    ),
  ),
  breakage(
    'a method that is too long',
    BAD.longMethod,
    withPart('method', () => fc.integer({ min: 33, max: 99 }).map((n) => 'M'.repeat(n))),
  ),
  breakage(
    'a forbidden byte in the target',
    BAD.target,
    withPart('target', ({ target }) => spoilt(target, one('#', '\0', '\t', '\r', '\x7f', '\x80', '\xff'))),
  ),
  breakage(
    'a target of no form',
    BAD.target,
    withPart('target', () => one(...targets)),
  ),
  breakage(
    'too many empty lines',
    BAD.emptyLines,
    withPart('emptyLines', () => fc.integer({ min: 6, max: 9 }).map((n) => '\r\n'.repeat(n))),
  ),
  breakage(
    'something else before the request line',
    BAD.method,
    withPart('emptyLines', ({ emptyLines }) => one('\n', '\r', '\0', ' ').map((bad) => emptyLines + bad)),
  ),
  breakage(
    'something before the colon',
    BAD.field,
    withLine(one(' :', '\t:', '\x0b:', '\0:').chain((colon) => badLine({ colon }))),
  ),
  breakage('no colon', BAD.field, withLine(badLine({ colon: '', blankBefore: '', value: '' }))),
  breakage('no name', BAD.field, withLine(badLine({ name: '' }))),
  breakage(
    'a name that is no token',
    BAD.field,
    withLine(
      token
        .chain((name) => spoilt(name, one(' ', '\0', '"', '(', '/', '@', '\r', '\xe9')))
        .map((name) => line(name, 'y')),
    ),
  ),
  breakage(
    'a control character in a value',
    BAD.field,
    withLine(one(...controls).chain((char) => badLine({ value: `a${char}b` }))),
  ),
  breakage(
    'a field line that ends otherwise',
    BAD.field,
    withLine(one('\n', '\0\n', '\x7f\n', '\r\r\n', '\0\r\n', '\r\0\n').chain((end) => badLine({ end }))),
  ),
  breakage(
    'a folded line',
    BAD.folded,
    withLine(one('\r\n z\r\n', '\r\n\tz\r\n', '\r\n \r\n').chain((end) => badLine({ end }))),
  ),
  breakage(
    'a head that ends otherwise',
    BAD.field,
    withPart('headEnd', () => one('\n', '\0\n', '\r\r\n', '\0\r\n', '\n\r\n')),
  ),
  breakage('another Host', BAD.host, withLine(host.map((value) => line('host', value)))),
  breakage(
    'no Host',
    BAD.host,
    withPart('lines', ({ lines }) => fc.constant(lines.filter(({ name }) => name.toLowerCase() !== 'host'))),
  ),
  breakage('a Host that is none', BAD.host, withValue('host', ...hosts)),
]

const framings: readonly Breakage[] = [
  breakage('another length', BAD.length, withField('Content-length', '0', '5'), byLength),
  breakage('a length that is none', BAD.length, withValue('content-length', ...lengths), byLength),
  breakage(
    'a length beyond the limit',
    BAD.tooLarge,
    withValue('content-length', '67108865', '4294967297', '18446744073709551617', '9'.repeat(99)),
    byLength,
  ),
  breakage('a length beside chunks', BAD.coding, withField('Content-Length', '0', '5'), chunked),
  breakage('chunks beside a length', BAD.coding, withField('Transfer-Encoding', 'chunked'), byLength),
  breakage('chunks in HTTP/1.0', BAD.coding, withField('Transfer-Encoding', 'chunked'), {
    minor: 0,
    body: 'none',
  }),
  breakage('chunked twice', BAD.coding, withField('Transfer-Encoding', 'chunked'), chunked),
  breakage('a coding that is not chunked', BAD.coding, withField('Transfer-Encoding', ...codings), unframed),
  breakage(
    'a coding before chunked',
    BAD.unknownCoding,
    withField('Transfer-Encoding', 'gzip, chunked', 'identity,chunked', 'a\t,\tb, chunked'),
    unframed,
  ),
  breakage('another expectation', BAD.expectation, withField('Expect', ...expectations)),
]

const bodies: readonly Breakage[] = [
  breakage(
    'a chunk size that is none',
    BAD.chunk,
    withChunkHeader(({ size }) =>
      one(
        '',
        `+${size}`,
        `-${size}`,
        `0x${size}`,
        ` ${size}`,
        `${size}_0`,
        `${size}g`,
        `${'0'.repeat(17)}`,
      ).map((bad) => ({ size: bad })),
    ),
    chunked,
  ),
  breakage(
    'a chunk size beyond the limit',
    BAD.tooLarge,
    withChunkHeader(() => one('4000001', 'ffffffff', 'FFFFFFFFFFFFFFFF').map((size) => ({ size }))),
    chunked,
  ),
  breakage(
    'an extension that is none',
    BAD.chunk,
    withChunkHeader(() => one(...extensions).map((bad) => ({ extensions: bad }))),
    chunked,
  ),
  breakage(
    'the header of a chunk that ends otherwise',
    BAD.chunk,
    withChunkHeader(() => one('\n', '\0\n', '\r\r\n', '\0\r\n').map((lineEnd) => ({ lineEnd }))),
    chunked,
  ),
  breakage(
    'data that ends otherwise',
    BAD.chunk,
    withData(() => one('', '\n', '\0\n', '\r\r\n', '\n\r', 'x\r\n').map((dataEnd) => ({ dataEnd }))),
    chunked,
  ),
  breakage(
    'data longer than its size',
    BAD.chunk,
    withData(({ data }) => fc.constant({ data: `${data}x` })),
    chunked,
  ),
  breakage(
    'a trailer that belongs in a head',
    BAD.trailer,
    withTrailer(
      one('Content-Length', 'transfer-encoding', 'HOST', 'Connection', 'Authorization').map((name) =>
        line(name, '1'),
      ),
    ),
    chunked,
  ),
  breakage('a trailer that is no field line', BAD.field, withTrailer(badLine({ colon: ' :' })), chunked),
  breakage('a folded trailer', BAD.folded, withTrailer(badLine({ end: '\r\n z\r\n' })), chunked),
  breakage(
    'trailers that end otherwise',
    BAD.field,
    withChunked(() => one('\n', '\0\n', '\r\r\n', '\n\r\n').map((end) => ({ end }))),
    chunked,
  ),
]

export const breakages: readonly Breakage[] = [...heads, ...framings, ...bodies]
