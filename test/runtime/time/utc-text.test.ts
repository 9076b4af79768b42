/** Law: the text is HTTP's for every year that HTTP can write, whatever the fraction of the second. */
import test from 'ava'
import { parseUtcText, utcText } from '../../../runtime/time/utc-text.ts'

for (const [wallMs, text] of [
  [784_111_777_000, 'Sun, 06 Nov 1994 08:49:37 GMT'],
  [784_111_777_999.9, 'Sun, 06 Nov 1994 08:49:37 GMT'],
  [0, 'Thu, 01 Jan 1970 00:00:00 GMT'],
  [-1, 'Wed, 31 Dec 1969 23:59:59 GMT'],
  [253_402_300_799_999, 'Fri, 31 Dec 9999 23:59:59 GMT'],
] as const) {
  test(`${wallMs} ms is ${text}`, (t) => {
    t.is(utcText(wallMs), text)
    t.is(parseUtcText(text), Math.floor(wallMs / 1000) * 1000)
  })
}

test('what is no date is none', (t) => t.is(parseUtcText('soon'), undefined))
