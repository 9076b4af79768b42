/** Guards: unmasking is the exclusive or of RFC 6455 section 5.3, at any alignment, in any pieces, and nothing beside. */
import test from 'ava'
import fc from 'fast-check'
import { unmask } from '../../../../actors/websocket/codec/mask.ts'

/** RFC 6455 section 5.3, word for word. */
function byTheBook(payload: Uint8Array, key: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(key)
  return Buffer.from(payload.map((octet, i) => octet ^ bytes[i % 4]!))
}

const keys = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -0x80000000, 0x7f000000))

test('is by the book at every alignment, and touches nothing before and behind', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      keys,
      fc.nat(7),
      fc.nat(7),
      fc.nat(7),
      (payload, key, shift, before, behind) => {
        const memory = Buffer.alloc(shift + before + payload.length + behind, 0xa5)
        const view = memory.subarray(shift)
        view.set(payload, before)
        unmask(view, key, before, before + payload.length, 0)
        t.deepEqual(view.subarray(before, before + payload.length), byTheBook(payload, key))
        t.true(memory.subarray(0, shift + before).every((byte) => byte === 0xa5))
        t.true(memory.subarray(shift + before + payload.length).every((byte) => byte === 0xa5))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('gives the same in pieces', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 300, maxLength: 900 }),
      keys,
      fc.array(fc.nat(900), { maxLength: 5 }),
      (payload, key, positions) => {
        const pieces = Buffer.from(payload)
        const cuts = [0, ...positions.map((at) => at % payload.length).sort((a, b) => a - b), payload.length]
        for (let i = 1; i < cuts.length; i++) unmask(pieces, key, cuts[i - 1]!, cuts[i]!, cuts[i - 1]!)
        t.deepEqual(pieces, byTheBook(payload, key))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a random key of a long payload reaches every length around the words', (t) => {
  for (let length = 120; length < 160; length++) {
    for (let shift = 0; shift < 4; shift++) {
      const memory = Buffer.alloc(length + 4)
      const payload = memory.subarray(shift, shift + length)
      for (let i = 0; i < length; i++) payload[i] = 7 * i
      const expected = byTheBook(payload, 0x89abcdef | 0)
      unmask(payload, 0x89abcdef | 0, 0, length, 0)
      t.deepEqual(payload, expected)
    }
  }
})
