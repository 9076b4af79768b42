/** Guards: the work of reading is linear in the bytes, whatever they are and however they are cut. It is counted, not timed. */
import test from 'ava'
import { Input } from '../../../actors/connection/input.ts'
import { bytesOf, IAC, progress, SB, SE } from './reading.ts'

/** An input that counts the bytes that are searched, moved or looked at. */
class CountingInput extends Input {
  looks = 0

  override get chunk(): Buffer {
    this.looks++
    return super.chunk
  }

  override indexOf(needle: Buffer | number, from = 0): number {
    const found = super.indexOf(needle, from)
    this.looks += (found === -1 ? Math.max(from, this.available) : found + 1) - from
    return found
  }

  override byteAt(offset: number): number {
    this.looks++
    return super.byteAt(offset)
  }

  override gather(n: number): void {
    if (super.chunk.length - this.at < n) this.looks += n
    super.gather(n)
  }

  override takeSome(bytesMax: number): Buffer {
    const bytes = super.takeSome(bytesMax)
    this.looks += bytes.length
    return bytes
  }
}

/** Streams of some `n` bytes that are hard in one way each. */
const shapes: Readonly<Record<string, (n: number) => string>> = {
  'empty lines': (n) => '\n'.repeat(n),
  'short lines': (n) => 'ab\r\n'.repeat(n / 4),
  'one long line': (n) => `${'x'.repeat(n)}\n`,
  'a line without an end': (n) => 'x'.repeat(n),
  'line feeds behind a command': (n) => `${IAC}\xf1${'\n'.repeat(n)}`,
  'empty lines before a command': (n) => `${'\n'.repeat(n)}${IAC}\xf1`,
  'short lines with commands': (n) => `a${IAC}\xf1\r\n`.repeat(n / 5),
  'a long subnegotiation': (n) => `${IAC}${SB}${'x'.repeat(n)}${IAC}${SE}\n`,
  'a subnegotiation of line feeds': (n) => `${IAC}${SB}${'\n'.repeat(n)}${IAC}${SE}a\n`,
}

/** For the end of a line, for byte 255, for being moved together or filtered, and again for the end of a line among what was filtered. */
const LOOKS_MAX = 5

for (const [title, shape] of Object.entries(shapes)) {
  test(`every byte of ${title} is looked at a few times, however it is cut`, (t) => {
    for (const n of [2_000, 32_000]) {
      const bytes = bytesOf(shape(n))
      for (const step of [1, 7, 1_000, bytes.length]) {
        const input = new CountingInput()
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.length; at += step)
          pieces.push(Buffer.from(bytes.subarray(at, at + step)))
        t.is(progress(pieces, 1_000_000, input).verdict, 'end')
        const perByte = input.looks / bytes.length
        t.true(
          perByte <= LOOKS_MAX,
          `${perByte.toFixed(1)} looks at each of ${bytes.length} bytes in pieces of ${step}`,
        )
      }
    }
  })
}

test('what is filtered is searched once, however short a line may be', (t) => {
  const input = new CountingInput()
  const bytes = bytesOf(`${IAC}\xf1${'a\r\n\n'.repeat(8_000)}`)
  t.is(progress([Buffer.from(bytes)], 1, input).verdict, 'end')
  t.true(input.looks / bytes.length <= 8, `${input.looks / bytes.length} looks at each byte`)
})
