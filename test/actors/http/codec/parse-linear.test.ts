/**
 * Guards: the work of reading is linear in the bytes, whatever they are and however they are cut. It is counted, not
 * timed: each look of the codec at a byte of its input is one.
 */
import test from 'ava'
import { Input } from '../../../../actors/connection/input.ts'
import { createHttpLimits } from '../../../../actors/http/limits.ts'
import { read } from './reading.ts'

const limits = createHttpLimits({
  requestLineBytesMax: 1024 * 1024,
  headBytesMax: 1024 * 1024,
  headerCountMax: 10_000,
  chunkExtensionBytesMax: 1024 * 1024,
  trailerBytesMax: 1024 * 1024,
})

/** An input that counts the looks at its bytes. */
class CountingInput extends Input {
  looks = 0

  override get chunk(): Buffer {
    return new Proxy(super.chunk, {
      get: (bytes, key) => {
        if (key === 'length') return bytes.length
        if (key === 'indexOf') {
          return (byte: number, from: number) => {
            const found = bytes.indexOf(byte, from)
            this.looks += (found === -1 ? bytes.length : found + 1) - from
            return found
          }
        }
        if (key === 'toString') {
          return (encoding: BufferEncoding, start: number, end: number) => {
            this.looks += end - start
            return bytes.toString(encoding, start, end)
          }
        }
        if (typeof key !== 'string' || !/^\d+$/.test(key))
          throw new Error(`a look that is not counted: ${String(key)}`)
        this.looks++
        return bytes[Number(key)]
      },
    })
  }

  override indexOf(needle: Buffer | number, from = 0): number {
    const found = super.indexOf(needle, from)
    this.looks += (found === -1 ? this.available : found + 1) - from
    return found
  }

  override byteAt(offset: number): number {
    this.looks++
    return super.byteAt(offset)
  }

  override latin1(start: number, end: number): string {
    this.looks += end - start
    return super.latin1(start, end)
  }

  override gather(n: number): void {
    if (super.chunk.length - this.at < n) this.looks += n
    super.gather(n)
  }
}

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

/** Streams of some `n` bytes that are hard in one way each. */
const shapes: Readonly<Record<string, (n: number) => string>> = {
  'a long target': (n) => `GET /${'a'.repeat(n)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'a long name': (n) => `${HEAD}${'a'.repeat(n)}: b\r\n\r\n`,
  'a long value': (n) => `${HEAD}A: ${'b'.repeat(n)}\r\n\r\n`,
  'a value of blanks': (n) => `${HEAD}A: b${' '.repeat(n)}c${' '.repeat(n)}\r\n\r\n`,
  'many fields': (n) => `${HEAD}${'A: b\r\n'.repeat(n / 6)}\r\n`,
  'many requests': (n) => `${HEAD}\r\n`.repeat(n / HEAD.length),
  'a long list of options': (n) => `${HEAD}Connection: ${'a,'.repeat(n / 2)}a\r\n\r\n`,
  'a long body': (n) => `${HEAD}Content-Length: ${n}\r\n\r\n${'x'.repeat(n)}`,
  'many chunks': (n) => `${CHUNKED}${'1\r\nx\r\n'.repeat(n / 6)}0\r\n\r\n`,
  'a long extension': (n) => `${CHUNKED}1;${'a'.repeat(n)}\r\nx\r\n0\r\n\r\n`,
  'many extensions': (n) => `${CHUNKED}1${';a="b"'.repeat(n / 6)}\r\nx\r\n0\r\n\r\n`,
  'many trailers': (n) => `${CHUNKED}0\r\n${'A: b\r\n'.repeat(n / 6)}\r\n`,
  'a value without an end': (n) => `${HEAD}A: ${'b'.repeat(n)}`,
}

/** Bytes of a piece; 0 for all in one. A piece of 7 is seldom a line, and one of 1,000 holds many. */
const pieceBytes = [1, 7, 1_000, 0]

/** A byte is looked at when its line feed is searched, when its line is scanned, when that is decoded, and when it moves. */
const LOOKS_MAX = 6

for (const [title, shape] of Object.entries(shapes)) {
  test(`every byte of ${title} is looked at a few times, however it is cut`, (t) => {
    for (const n of [3_000, 24_000]) {
      const bytes = Buffer.from(shape(n))
      for (const size of pieceBytes) {
        const input = new CountingInput()
        const pieces: Buffer[] = []
        const step = size === 0 ? bytes.length : size
        for (let at = 0; at < bytes.length; at += step)
          pieces.push(Buffer.from(bytes.subarray(at, at + step)))
        const { verdict } = read(pieces, limits, input)
        t.regex(verdict, /^end$|HTTP_TRUNCATED$/)
        const perByte = input.looks / bytes.length
        t.true(
          perByte <= LOOKS_MAX,
          `${perByte.toFixed(1)} looks at each of ${bytes.length} bytes in pieces of ${step}`,
        )
      }
    }
  })
}
