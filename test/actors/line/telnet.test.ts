/**
 * Guards: what a telnet client says about itself is no part of any line, wherever it stands and however it is cut; and it
 * says no more of it than is bounded.
 */
import test from 'ava'
import { bytesOf, DONT, everyCut, IAC, progress, read, SB, SE, WILL } from './reading.ts'

const NOP = '\xf1'
const WONT = '\xfc'
const DO = '\xfd'

const texts: readonly [title: string, bytes: string, lines: readonly string[]][] = [
  ['a command before a line', `${IAC}${NOP}hello\r\n`, ['hello']],
  ['a command within a line', `hel${IAC}${NOP}lo\r\n`, ['hello']],
  ['a command between CR and LF', `hello\r${IAC}${NOP}\n`, ['hello']],
  ['a command behind the last line', `hello\n${IAC}${NOP}`, ['hello']],
  ['a command and no line', `${IAC}${NOP}`, []],
  ['all four verbs', `${IAC}${WILL}\x1f${IAC}${WONT}\x18${IAC}${DO}\x01${IAC}${DONT}\x03hello\n`, ['hello']],
  ['an option that looks like the end of a line', `a${IAC}${WILL}\nb${IAC}${DO}\rc\n`, ['abc']],
  ['an option that looks like a command', `a${IAC}${WILL}${IAC}b\n`, ['ab']],
  ['a subnegotiation', `a${IAC}${SB}\x1f\x00\x50\x00\x18${IAC}${SE}b\n`, ['ab']],
  ['a subnegotiation that holds the ends of lines', `a${IAC}${SB}\x1f\r\n\n${IAC}${SE}b\n`, ['ab']],
  ['a subnegotiation that holds byte 255', `a${IAC}${SB}\x1f${IAC}${IAC}${SE}${IAC}${SE}b\n`, ['ab']],
  ['a subnegotiation that holds commands', `a${IAC}${SB}\x1f${IAC}${NOP}${IAC}${SB}\n${IAC}${SE}b\n`, ['ab']],
  ['a subnegotiation that does not end', `a\nb${IAC}${SB}\x1fhello\n`, ['a', 'b']],
  ['a command that is cut by the end', `a\nb${IAC}`, ['a', 'b']],
  ['commands between the bytes of one character', `\xe2${IAC}${NOP}\x82${IAC}${WILL}\x01\xac\n`, ['€']],
  ['lines before the first command', `a\nb\nc${IAC}${NOP}d\ne`, ['a', 'b', 'cd', 'e']],
]

for (const [title, bytes, lines] of texts) {
  test(`${title}: the same lines in every cut`, (t) => {
    for (const pieces of everyCut(bytesOf(bytes))) t.deepEqual(read(pieces), { lines, verdict: 'end' })
  })
}

test('byte 255 itself is no character, in any cut', (t) => {
  for (const pieces of everyCut(bytesOf(`a\nb${IAC}${IAC}c\nd\n`))) {
    t.deepEqual(read(pieces), { lines: ['a'], verdict: 'LINE_NOT_UTF8' })
  }
})

const MAX = 8

test('commands do not count as bytes of the line', (t) => {
  for (const pieces of everyCut(bytesOf(`1234${IAC}${WILL}\x01${IAC}${WILL}\x035678\r\n`))) {
    t.deepEqual(read(pieces, MAX), { lines: ['12345678'], verdict: 'end' })
  }
})

test('a line that is too long between commands is refused in every cut', (t) => {
  for (const pieces of everyCut(bytesOf(`a\n1234${IAC}${NOP}5678${IAC}${NOP}9\n`))) {
    t.deepEqual(read(pieces, MAX), { lines: ['a'], verdict: 'LINE_TOO_LONG' })
  }
})

const floods: readonly [title: string, flood: string][] = [
  ['commands', `${IAC}${NOP}`],
  ['negotiations', `${IAC}${DO}\x01`],
  ['a subnegotiation without an end', `${IAC}${SB}${'x'.repeat(1_000)}`],
  ['subnegotiations of ends of lines', `${IAC}${SB}\n\n${IAC}${SE}`],
]

for (const [title, flood] of floods) {
  test(`a flood of ${title} is refused after four times a line, in every cut, and what came before is read`, (t) => {
    const bytes = bytesOf(`a\nb\n${flood.repeat(100)}`).subarray(0, 100)
    for (const pieces of everyCut(bytes)) {
      t.deepEqual(read(pieces, MAX), { lines: ['a', 'b'], verdict: 'LINE_TOO_LONG' })
    }
    const singles = Array.from(bytes, (byte) => Buffer.of(byte))
    t.is(progress(singles, MAX).bytes, 4 + 4 * MAX + 1)
  })
}

test('each line has a count of its own: who negotiates a little with each may do so for ever', (t) => {
  const one = `${IAC}${DO}\x01`.repeat(10)
  for (const pieces of everyCut(bytesOf(`${one}a\n`.repeat(5)))) {
    t.deepEqual(read(pieces, MAX), { lines: ['a', 'a', 'a', 'a', 'a'], verdict: 'end' })
  }
})
