/** Guards: every text of lines comes out as it went in, whatever the ends, the commands between and the cuts; and no bytes break the reader. */
import test from 'ava'
import fc from 'fast-check'
import { bytesOf, cutAt, DONT, IAC, read, SB, SE, WILL } from './reading.ts'

const cuts = fc.array(fc.nat(), { maxLength: 12 })

/** Text of any characters but the end of a line, and but a CR where that would be part of one. */
const line = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('a', '\r', '\0', '€', 'ÿ', '𝄞'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 12,
  })
  .map((text) => text.replaceAll('\n', '').replace(/\r+$/, ''))

const end = fc.constantFrom('\n', '\r\n')

test('any lines, with any ends, in any cut', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, end), { maxLength: 12 }), cuts, (text, at) => {
      const bytes = Buffer.from(text.flat().join(''))
      const lines = text.map(([text]) => text)
      t.deepEqual(read(cutAt(bytes, at)), { lines, verdict: 'end' })
      t.deepEqual(read(Array.from(bytes, (byte) => Buffer.of(byte))), { lines, verdict: 'end' })
    }),
    { numRuns: 500 },
  )
})

const option = fc.nat(255).map((byte) => String.fromCharCode(byte))
const command = fc.oneof(
  fc.integer({ min: 241, max: 249 }).map((byte) => IAC + String.fromCharCode(byte)),
  fc
    .tuple(fc.integer({ min: WILL.charCodeAt(0), max: DONT.charCodeAt(0) }), option)
    .map(([verb, what]) => IAC + String.fromCharCode(verb) + what),
  fc
    .array(option, { maxLength: 6 })
    .map((bytes) => IAC + SB + bytes.join('').replaceAll(IAC, IAC + IAC) + IAC + SE),
)

test('any lines with telnet commands at any place, in any cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(line, end), { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(), command), { maxLength: 6 }),
      cuts,
      (text, commands, at) => {
        const bytes = [...Buffer.from(text.flat().join('')).toString('latin1')]
        for (const [place, command] of commands) {
          const index = place % (bytes.length + 1)
          bytes[index] = command + (bytes[index] ?? '')
        }
        const lines = text.map(([text]) => text)
        t.deepEqual(read(cutAt(bytesOf(bytes.join('')), at)), { lines, verdict: 'end' })
      },
    ),
    { numRuns: 500 },
  )
})

const words = fc.constantFrom(
  '\n',
  '\r',
  '\r\n',
  'a',
  'bcd',
  '\xe2\x82\xac',
  '\xe2',
  '\x80',
  IAC,
  IAC + SB,
  IAC + SE,
  IAC + WILL,
  SE,
  '\0',
)

test('whatever comes, and however it is cut: the same lines, and the same refusal', (t) => {
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      cuts,
      (parts, max, at) => {
        const bytes = bytesOf(parts.join(''))
        const whole = read([Buffer.from(bytes)], max)
        t.deepEqual(read(cutAt(bytes, at), max), whole)
        t.deepEqual(
          read(
            Array.from(bytes, (byte) => Buffer.of(byte)),
            max,
          ),
          whole,
        )
      },
    ),
    { numRuns: 2_000 },
  )
})
