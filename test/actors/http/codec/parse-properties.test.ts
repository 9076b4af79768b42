/**
 * Guards: no cut changes what is read, of bytes that are nearly a request too; arbitrary bytes give messages or a refusal
 * and nothing else; and an address is what node:net says it is. What the grammar makes is in `grammar/`.
 */
import { isIPv6 } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { isHost } from '../../../../actors/http/codec/host.ts'
import { everyCut, read } from './reading.ts'
import { invalidRequests, validRequests } from './requests.ts'

const dangerous = '\r\n\0 \t:;,"0aA\x7f\xff'

const cuts = fc.array(fc.nat(), { maxLength: 8 })

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)))
}

test('one byte changed, added or left out: the verdict does not depend on the cut', (t) => {
  const seeds = [...validRequests.map(({ bytes }) => bytes), ...invalidRequests.map(([, bytes]) => bytes)]
  const short = seeds.filter((bytes) => bytes.length > 0 && bytes.length < 1_000)
  const byte = fc.constantFrom(...Buffer.from(dangerous, 'latin1'))
  fc.assert(
    fc.property(
      fc.constantFrom(...short),
      fc.nat(),
      byte,
      fc.nat(2),
      cuts,
      (bytes, at, put, mode, positions) => {
        const mutant = [...Buffer.from(bytes, 'latin1')]
        mutant.splice(at % mutant.length, mode === 0 ? 0 : 1, ...(mode === 2 ? [] : [put]))
        const buffer = Buffer.from(mutant)
        const whole = read([buffer])
        t.deepEqual(read(cutAt(buffer, positions)), whole)
        t.deepEqual(read(Array.from(buffer, (single) => Buffer.of(single))), whole)
      },
    ),
    { numRuns: 1_000 },
  )
})

/** Words of the protocol, so that what is put together at random gets far. */
const words = [
  'GET ',
  'POST ',
  'CONNECT ',
  '/',
  '*',
  'a:80',
  'http://a',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  'Host: a\r\n',
  'Host:',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  '\r\n',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  ';a="b"',
  ...dangerous,
]

test('arbitrary words and bytes are read alike in every cut, to messages and a verdict, never another error', (t) => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((all) => Buffer.from(all.join(''), 'latin1')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(text, (bytes) => {
      const whole = read([bytes])
      t.regex(whole.verdict, /^end$|^[45]\d\d HTTP_[A-Z_]+$/)
      for (const pieces of everyCut(bytes)) t.deepEqual(read(pieces), whole)
    }),
    { numRuns: 500 },
  )
})

test('brackets hold a host exactly where node:net sees an IPv6 address', (t) => {
  const group = fc.constantFrom(
    '',
    '0',
    '1',
    'ff',
    'FfFf',
    '12345',
    'g',
    '1.2.3.4',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
  )
  const nearly = fc.array(group, { maxLength: 9 }).map((groups) => groups.join(':'))
  fc.assert(
    fc.property(fc.oneof(nearly, fc.ipV6()), (address) => {
      t.is(isHost(`[${address}]`), isIPv6(address), address)
      t.is(isHost(`[${address}]:65535`), isIPv6(address), address)
    }),
    { numRuns: 2_000 },
  )
})

test('a port is a number up to 65535 of at most five digits, or nothing', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(99_999), fc.nat()), fc.nat(2), (port, zeros) => {
      const digits = '0'.repeat(zeros) + port
      t.is(isHost(`a:${digits}`), port <= 65_535 && digits.length <= 5, digits)
    }),
  )
  t.true(isHost('a:'))
})
