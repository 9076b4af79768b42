/** Guards: Sec-WebSocket-Extensions is read by its grammar, and an offer is taken as RFC 7692 section 7.1 allows. */
import test from 'ava'
import fc from 'fast-check'
import { chooseDeflate } from '../../../../actors/websocket/codec/deflate-offer.ts'
import { parseExtensionList } from '../../../../actors/websocket/codec/extension-list.ts'
import { parseExtensions } from './oracle.ts'

const lists: readonly (readonly [text: string, offers: string[][]])[] = [
  ['a', [['a']]],
  ['a,b', [['a'], ['b']]],
  ['a, b ,\tc', [['a'], ['b'], ['c']]],
  ['a;b', [['a', 'b']]],
  ['a ; b = c ; d="e"', [['a', 'b=c', 'd=e']]],
  ['a;b="c\\d"', [['a', 'b=cd']]],
  ['a;b;b=1, a', [['a', 'b', 'b=1'], ['a']]],
  [' a ', [['a']]],
]

for (const [text, offers] of lists) {
  test(`reads ${JSON.stringify(text)}`, (t) => {
    const found = parseExtensionList(text)?.map(({ name, parameters }) => [
      name,
      ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`)),
    ])
    t.deepEqual(found, offers)
  })
}

const noLists = [
  '',
  ' ',
  ',',
  'a,',
  ',a',
  'a,,b',
  'a;',
  ';a',
  'a;;b',
  'a;=b',
  'a;b=',
  'a=b',
  'a b',
  'a;b c',
  'a;b=c d',
  'a;b="c',
  'a;b="',
  'a;b=""',
  'a;b="c d"',
  'a;b="c,d"',
  'a;b="c"d',
  'a;b="c\\"',
  'a;b="\\',
  '"a"',
  'a;"b"',
  'a;b=c=d',
  'é',
  'a;b="é"',
  '(a)',
  'a/b',
]

for (const text of noLists) {
  test(`${JSON.stringify(text)} is no list of extensions`, (t) => t.is(parseExtensionList(text), undefined))
}

// Blanks and escapes are left out: ws takes them in other places than the grammar has them.
test('without blanks and escapes, what ws takes we take, and what it refuses we refuse', (t) => {
  const words = ['a', 'b1', 'permessage-deflate', ';', ';', ',', '=', '="', '"', '8']
  let taken = 0
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 }), (all) => {
      const text = all.join('')
      const ours = parseExtensionList(text)
      let theirs: ReturnType<typeof parseExtensions> | undefined
      try {
        theirs = parseExtensions(text)
      } catch {
        theirs = undefined
      }
      t.is(ours !== undefined, theirs !== undefined, text)
      if (ours === undefined || theirs === undefined) return
      taken++
      t.deepEqual([...new Set(ours.map(({ name }) => name))].sort(), Object.keys(theirs).sort())
    }),
    { numRuns: 5_000, seed: 7 },
  )
  t.true(taken > 200)
})

const ANSWER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
const DEFLATE = 'permessage-deflate'

const choices: readonly (readonly [offer: string, windowBits: number | undefined, extensions?: string])[] = [
  [DEFLATE, 15, ANSWER],
  // What Chrome and Firefox send.
  [`${DEFLATE}; client_max_window_bits`, 15, ANSWER],
  [`${DEFLATE}; server_no_context_takeover; client_no_context_takeover`, 15, ANSWER],
  [`${DEFLATE}; client_max_window_bits=8`, 15, ANSWER],
  [`${DEFLATE}; client_max_window_bits="10"`, 15, ANSWER],
  [`${DEFLATE}; server_max_window_bits=15`, 15, `${ANSWER}; server_max_window_bits=15`],
  [`${DEFLATE}; server_max_window_bits=9`, 9, `${ANSWER}; server_max_window_bits=9`],
  [`${DEFLATE}; server_max_window_bits="12"`, 12, `${ANSWER}; server_max_window_bits=12`],
  [`x-other, ${DEFLATE}`, 15, ANSWER],
  [`${DEFLATE}; server_max_window_bits=10, ${DEFLATE}`, 10, `${ANSWER}; server_max_window_bits=10`],
  [`${DEFLATE}; unknown, ${DEFLATE}`, 15, ANSWER],
  [
    `${DEFLATE}; server_max_window_bits=8, ${DEFLATE}; server_max_window_bits=9`,
    9,
    `${ANSWER}; server_max_window_bits=9`,
  ],
  ['x-webkit-deflate-frame', undefined],
  ['Permessage-Deflate', undefined],
  [`${DEFLATE}; unknown`, undefined],
  [`${DEFLATE}; server_max_window_bits=8`, undefined],
  [`${DEFLATE}; server_max_window_bits`, undefined],
  [`${DEFLATE}; server_max_window_bits=7`, undefined],
  [`${DEFLATE}; server_max_window_bits=16`, undefined],
  [`${DEFLATE}; server_max_window_bits=09`, undefined],
  [`${DEFLATE}; server_max_window_bits=1e1`, undefined],
  [`${DEFLATE}; client_max_window_bits=16`, undefined],
  [`${DEFLATE}; client_max_window_bits=08`, undefined],
  [`${DEFLATE}; server_no_context_takeover=1`, undefined],
  [`${DEFLATE}; client_no_context_takeover=true`, undefined],
  [`${DEFLATE}; client_max_window_bits; client_max_window_bits`, undefined],
  [`${DEFLATE}; server_max_window_bits=9; server_max_window_bits=9`, undefined],
  [`${DEFLATE}; SERVER_NO_CONTEXT_TAKEOVER`, undefined],
]

for (const [offer, windowBits, extensions] of choices) {
  test(`${offer}: ${extensions ?? 'declined'}`, (t) => {
    const offers = parseExtensionList(offer)
    t.not(offers, undefined)
    t.deepEqual(
      chooseDeflate(offers!),
      windowBits === undefined ? undefined : { windowBits, extensions: extensions! },
    )
  })
}
