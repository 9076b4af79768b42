/** The tools by which one production of a valid request is broken. */
import fc from 'fast-check'
import { type Body, type Chunk, type Line, line, type Parts } from './parts.ts'
import type { Choice } from './valid.ts'
import { token } from './values.ts'

export interface Breakage {
  readonly name: string
  readonly verdict: string
  readonly broken: Break
  /** What the request must be like to be broken in this way; it speaks 1.1 where nothing is said. */
  readonly of: Choice
}

export type Break = (parts: Parts) => fc.Arbitrary<Parts>

export function breakage(name: string, verdict: string, broken: Break, of: Choice = {}): Breakage {
  return { name, verdict, broken, of }
}

export const one = (...choices: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...choices)

/** `text` with something at a random place, which is not its beginning. */
export function spoilt(text: string, wrong: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.integer({ min: 1, max: text.length }), wrong)
    .map(([at, bad]) => text.slice(0, at) + bad + text.slice(at))
}

export function withPart<K extends keyof Parts>(
  key: K,
  values: (parts: Parts) => fc.Arbitrary<Parts[K]>,
): Break {
  return (parts) => values(parts).map((value) => ({ ...parts, [key]: value }))
}

/** With another line, at a random place. */
export function withLine(lines: fc.Arbitrary<Line>): Break {
  return withPart('lines', ({ lines: all }) =>
    fc.tuple(lines, fc.nat(all.length)).map(([extra, at]) => [...all.slice(0, at), extra, ...all.slice(at)]),
  )
}

/** With another line of that name. */
export function withField(name: string, ...values: readonly string[]): Break {
  return withLine(one(...values).map((value) => line(name, value)))
}

/** With the value of the line of that name replaced. */
export function withValue(name: string, ...values: readonly string[]): Break {
  return withPart('lines', ({ lines }) =>
    one(...values).map((value) =>
      lines.map((other) => (other.name.toLowerCase() === name ? { ...other, value } : other)),
    ),
  )
}

/** A line of a random name, of which some parts are replaced. */
export function badLine(parts: Partial<Line>): fc.Arbitrary<Line> {
  return token.map((name) => ({ ...line(`X-${name}`, 'y'), ...parts }))
}

type Chunked = Extract<Body, { kind: 'chunked' }>

export function withChunked(change: (body: Chunked) => fc.Arbitrary<Partial<Chunked>>): Break {
  return withPart('body', ({ body }) => {
    const chunked = body as Chunked
    return change(chunked).map((changed) => ({ ...chunked, ...changed }))
  })
}

export function withTrailer(trailers: fc.Arbitrary<Line>): Break {
  return withChunked((body) => trailers.map((extra) => ({ trailers: [...body.trailers, extra] })))
}

/** With the header of a chunk changed, the last one's or another one's. */
export function withChunkHeader(change: (chunk: Chunk) => fc.Arbitrary<Partial<Chunk>>): Break {
  return withChunked(({ chunks }) => fc.nat(chunks.length - 1).chain((at) => changedAt(chunks, at, change)))
}

const SMALL: Chunk = { size: '1', extensions: '', lineEnd: '\r\n', data: 'x', dataEnd: '\r\n' }

/** With a chunk changed that has data. */
export function withData(change: (chunk: Chunk) => fc.Arbitrary<Partial<Chunk>>): Break {
  return withChunked(({ chunks }) =>
    fc.nat(chunks.length - 1).chain((at) => changedAt([SMALL, ...chunks], at, change)),
  )
}

function changedAt(
  chunks: readonly Chunk[],
  at: number,
  change: (chunk: Chunk) => fc.Arbitrary<Partial<Chunk>>,
): fc.Arbitrary<Partial<Chunked>> {
  return change(chunks[at]!).map((changed) => ({
    chunks: chunks.map((chunk, i) => (i === at ? { ...chunk, ...changed } : chunk)),
  }))
}
