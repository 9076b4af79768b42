/** Drives the line reader over bytes in any cut and writes down what it made of them. */
import { Input } from '../../../actors/connection/input.ts'
import { LineError } from '../../../actors/line/errors.ts'
import { LineReader } from '../../../actors/line/line-reader.ts'

export const IAC = '\xff'
export const SB = '\xfa'
export const SE = '\xf0'
export const WILL = '\xfb'
export const DONT = '\xfe'

export interface Reading {
  readonly lines: readonly string[]
  /** `end`, or the code of what was refused. */
  readonly verdict: string
}

export interface Progress extends Reading {
  /** Bytes that had come when it was refused. */
  readonly bytes: number
}

/** Pushes the pieces one by one, ends the input, and reads as far as there are lines. */
export function read(pieces: readonly Buffer[], bytesMax = 1_000, input: Input = new Input()): Reading {
  const { lines, verdict } = progress(pieces, bytesMax, input)
  return { lines, verdict }
}

export function progress(
  pieces: readonly Buffer[],
  bytesMax: number,
  input: Input = new Input(),
  isToEnd = true,
): Progress {
  const reader = new LineReader(bytesMax)
  const lines: string[] = []
  let bytes = 0
  const readOn = (): void => {
    for (let line = reader.next(input); line !== undefined; line = reader.next(input)) lines.push(line)
  }
  try {
    for (const piece of pieces) {
      bytes += piece.length
      input.push(piece)
      readOn()
    }
    if (isToEnd) input.end()
    readOn()
    return { lines, verdict: 'end', bytes }
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    return { lines, verdict: error.code, bytes }
  }
}

/** One byte a character. */
export function bytesOf(latin1: string): Buffer {
  return Buffer.from(latin1, 'latin1')
}

/** In one piece, in two pieces for every position of the cut, in three of which the middle is a byte, and in single bytes. */
export function* everyCut(bytes: Buffer): Generator<readonly Buffer[]> {
  // Each piece is a copy: on a real connection no two chunks share memory.
  const piece = (start: number, end?: number): Buffer => Buffer.from(bytes.subarray(start, end))
  yield [piece(0)]
  for (let at = 1; at < bytes.length; at++) {
    yield [piece(0, at), piece(at)]
    yield [piece(0, at), piece(at, at + 1), piece(at + 1)]
  }
  yield Array.from(bytes, (_, at) => piece(at, at + 1))
}

export function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)))
}
