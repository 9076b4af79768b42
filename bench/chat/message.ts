/**
 * What is said in the room: 64 bytes of JSON, in the form that JSON.stringify gives it, so that a server which parses it and writes
 * it again sends the same bytes. Whose message it is and the how many-th of his stands at fixed places.
 */

/** What a server tells each member as soon as it is in the room, and nobody else. */
export const WELCOME = 'welcome'

export const TEXT_BYTES = 64
/** They are told apart by two digits. */
export const SENDERS_MAX = 64

const SENDER_FIRST = 10
const COUNT_FIRST = 10_000_000
/** Bits of a key that count the messages of one sender: 16 million. Eight digits hold them, and 10,000,000 besides. */
const COUNT_BITS = 24
const COUNT_MASK = 2 ** COUNT_BITS - 1

const SENDER_AT = '{"from":'.length
const COUNT_AT = '{"from":10,"seq":'.length
const COUNT_DIGITS = 8
const ZERO = 48

/** A message's sender and number in one: a small integer, which is cheap to compare. */
export function keyOf(sender: number, count: number): number {
  if (sender >= SENDERS_MAX || count > COUNT_MASK) throw new RangeError(`no key for ${sender}, ${count}`)
  return (sender << COUNT_BITS) | count
}

export const senderOf = (key: number): number => key >>> COUNT_BITS
export const countOf = (key: number): number => key & COUNT_MASK

export function textOf(key: number): string {
  return `{"from":${SENDER_FIRST + senderOf(key)},"seq":${COUNT_FIRST + countOf(key)},"text":"Hello, everyone in the room!"}`
}

/** The key of the text that begins at `at`. What is no such text gives some other number, as like as not. */
export function keyAt(bytes: Uint8Array, at: number): number {
  const sender = digits(bytes, at + SENDER_AT, 2) - SENDER_FIRST
  const count = digits(bytes, at + COUNT_AT, COUNT_DIGITS) - COUNT_FIRST
  return sender * 2 ** COUNT_BITS + count
}

function digits(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = at; index < at + length; index++) value = value * 10 + (bytes[index] as number) - ZERO
  return value
}
