/**
 * Every difference between how we and ws read what clients send, and why it is there. What no entry covers fails the test,
 * and so does an entry that no case needs.
 */
import type { Reading } from '../codec/reading.ts'

export interface Found {
  readonly isDeflated: boolean
  readonly ours: Reading
  readonly theirs: Reading
}

export interface Difference {
  readonly name: string
  readonly we: string
  readonly ws: string
  /** What demands or permits our side. */
  readonly law: string
  readonly covers: (found: Found) => boolean
}

/** Refusals of ours that have entries of their own, whatever ws has found before. */
const earlier = ['1002 LENGTH_INVALID', '1008 TOO_MANY_FRAGMENTS', '1007 DEFLATE_INVALID']

export const differences: readonly Difference[] = [
  {
    name: 'A length that is not in its shortest form',
    we: '1002',
    ws: 'takes it, and judges the rest; or has refused the compressed frames before it',
    law: 'RFC 6455 section 5.2: the minimal number of bytes must be used',
    covers: ({ ours, theirs }) => ours.verdict === '1002 LENGTH_INVALID' && isPrefix(ours, theirs),
  },
  {
    name: 'A header that is not whole, of a frame that may not come here',
    we: 'judged when its length has come',
    ws: '1002 at its second byte',
    law: 'RFC 6455 section 7.1.7: when is not said; whoever breaks off a header is timed out',
    covers: ({ ours, theirs }) =>
      ours.verdict === 'within' && theirs.verdict === '1002' && areSame(ours, theirs),
  },
  {
    name: 'One fragment too many, and what is wrong with its payload, or not yet there',
    we: '1008 for its header',
    ws: '1009 for its length, 1008 when its payload is whole; or has refused the compressed frames before it',
    law: 'RFC 6455 section 10.4: a limit of our own',
    covers: ({ ours, theirs }) =>
      ours.verdict === '1008 TOO_MANY_FRAGMENTS' &&
      (theirs.verdict === '1009' || theirs.verdict === 'open' || theirs.verdict === '1007') &&
      areSame(ours, theirs),
  },
  {
    name: 'A compressed message that is broken or too long, before its last frame',
    we: 'uncompressed when it is whole; what comes before that is read',
    ws: 'uncompressed frame by frame',
    law: 'RFC 7692 section 7.2.2: the payloads of all frames together are what is uncompressed',
    covers: ({ isDeflated, ours, theirs }) =>
      isDeflated &&
      !earlier.includes(ours.verdict) &&
      (theirs.verdict === '1007' || theirs.verdict === '1009') &&
      isPrefix(theirs, ours),
  },
  {
    name: 'A compressed message without one bit, or broken off within a block, or with more behind its last block',
    we: '1007',
    ws: 'gives what zlib made of it, or finds later what is wrong with the rest',
    law: 'RFC 7692 sections 7.2.2 and 7.2.3.6: no compressed message is empty, and each ends at a block',
    covers: ({ isDeflated, ours, theirs }) =>
      isDeflated && ours.verdict === '1007 DEFLATE_INVALID' && isPrefix(ours, theirs),
  },
]

function areSame(one: Reading, other: Reading): boolean {
  return one.events.length === other.events.length && isPrefix(one, other)
}

/** Whether the first has said nothing that the other has not. */
function isPrefix(one: Reading, other: Reading): boolean {
  return one.events.every((event, i) => event === other.events[i])
}
