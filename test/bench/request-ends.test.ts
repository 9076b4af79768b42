/**
 * Law: as many ends are counted as there are requests, wherever the bytes are cut.
 */

import test from 'ava'
import fc from 'fast-check'
import { RequestEnds } from '../../bench/http/request-ends.ts'

const requests = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET /hello HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /\r\r HTTP/1.1\r\nA:\n\r\n\r\n',
]

function counted(text: string, cuts: readonly number[]): number {
  const bytes = Buffer.from(text)
  const ends = new RequestEnds()
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  return at.slice(1).reduce((sum, end, index) => sum + ends.countIn(bytes.subarray(at[index], end)), 0)
}

test('every two cuts of three requests leave three', (t) => {
  const text = requests.join('')
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) t.is(counted(text, [first, second]), 3)
  }
})

test('any requests, cut anywhere, are counted', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...requests), { maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 }),
      (sent, cuts) => {
        const text = sent.join('')
        const at = cuts.map((part) => Math.floor(part * text.length))
        return counted(text, at) === sent.length
      },
    ),
  )
  t.pass()
})

test('a request that has not ended is not counted', (t) => {
  t.is(counted('GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r', []), 1)
})
