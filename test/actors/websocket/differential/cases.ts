/** What both readers are told: the tables of the codec, frames put together at random, and mutants of all of them. */
import fc from 'fast-check'
import { closing, frame } from '../codec/frames.ts'
import { invalidStreams, validStreams } from '../codec/streams.ts'

export interface Case {
  readonly title: string
  readonly bytes: Buffer
  readonly isDeflated: boolean
}

/** Both have these. Small, so that the bounds are reached. */
export const MESSAGE_BYTES_MAX = 300
export const FRAGMENTS_MAX = 4

export const tables: readonly Case[] = [...validStreams, ...invalidStreams].flatMap(([title, bytes]) => [
  { title, bytes, isDeflated: false },
  { title: `${title}, where compression is spoken`, bytes, isDeflated: true },
])

/** What is seldom put together at random. */
export const rare: readonly Case[] = [
  {
    title: 'a continuation of nothing whose length has not come',
    bytes: frame({ opcode: 0, length: 200n }).subarray(0, 3),
    isDeflated: false,
  },
]

/** Payloads that mean something somewhere: texts, halves of characters, and compressed ones, whole and broken. */
const payload = fc.oneof(
  fc
    .constantFrom('', 'Hello', 'é€😀', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(299), 'x'.repeat(301))
    .map((text) => Buffer.from(text)),
  fc
    .constantFrom(
      '00',
      'f248cdc9c90700',
      'f248cd',
      'c9c90700',
      'f348cdc9c9070000',
      '000500faff48656c6c6f00',
      // 400 bytes of one letter: too many when they are uncompressed.
      'aa1805040000',
      'e282',
      'ac',
      'ff',
    )
    .map((hex) => Buffer.from(hex, 'hex')),
)

const opcode = fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 2, 8, 9, 10, 3)

const nearly = fc.record({
  opcode,
  payload,
  fin: fc.boolean(),
  rsv: fc.constantFrom(0, 0, 0, 0x40, 0x40, 0x20),
  lengthBits: fc.constantFrom(undefined, undefined, undefined, undefined, 16, 64),
  isMasked: fc.constantFrom(true, true, true, true, true, true, true, false),
})

/** A message that may be whole, so that what is put together gets far. */
const whole = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.array(payload, { minLength: 1, maxLength: 5 }),
    fc.constantFrom(0, 0, 0x40),
  )
  .map(([type, parts, rsv]) =>
    Buffer.concat(
      parts.map((part, i) =>
        frame({
          opcode: i === 0 ? type : 0,
          payload: part,
          fin: i === parts.length - 1,
          rsv: i === 0 ? rsv : 0,
        }),
      ),
    ),
  )

const close = fc
  .tuple(fc.constantFrom(1000, 1004, 1005, 1014, 1015, 3000, 4999, 5000), fc.constantFrom('', 'bye', 'é'))
  .map(([code, reason]) => closing(code, reason))

const one = fc.oneof(
  { weight: 4, arbitrary: whole },
  {
    weight: 3,
    arbitrary: nearly.map(({ lengthBits, isMasked, payload: data, ...init }) =>
      frame({
        ...init,
        payload: data,
        ...(lengthBits === undefined || (lengthBits === 16 && data.length > 65_535) ? {} : { lengthBits }),
        ...(isMasked ? {} : { key: undefined }),
      }),
    ),
  },
  { weight: 1, arbitrary: close },
)

const stream = fc.array(one, { minLength: 1, maxLength: 5 }).map((all) => Buffer.concat(all))

/** One byte changed, added, left out, or all behind it cut off; or nothing done. */
const mutation = fc.record({
  at: fc.nat(),
  put: fc.nat(255),
  how: fc.constantFrom('change', 'add', 'drop', 'end', 'keep', 'keep'),
})

function mutate(bytes: Buffer, { at, put, how }: { at: number; put: number; how: string }): Buffer {
  const index = at % bytes.length
  const all = [...bytes]
  if (how === 'change') all[index] = put
  if (how === 'add') all.splice(index, 0, put)
  if (how === 'drop') all.splice(index, 1)
  return Buffer.from(how === 'end' ? all.slice(0, index) : all)
}

/** The same for the same seed. */
export function mutants(count: number, seed: number): readonly Case[] {
  const made = fc.sample(fc.tuple(stream, mutation, fc.boolean()), { numRuns: count, seed })
  return made.map(([bytes, change, isDeflated], i) => ({
    title: `mutant ${i} of seed ${seed}`,
    bytes: mutate(bytes, change),
    isDeflated,
  }))
}
