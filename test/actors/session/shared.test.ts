/** Guards: a message for many is encoded once for each format, and one that cannot be is thrown once. */
import test from 'ava'
import { type Format, Shared } from 'greenroom/actors'

function counting(prefix: string): Format<string> & { calls: number } {
  return {
    calls: 0,
    encode(message) {
      this.calls += 1
      if (message === 'boom') throw new Error(`${prefix} boom`)
      return Buffer.from(`${prefix}${message}`)
    },
  }
}

test('once for each format, whoever asks how often and in whatever order, and the bytes are the same', (t) => {
  const formats = [counting('a'), counting('b'), counting('c')] as const
  const shared = new Shared('hello')
  const first = formats.map((format) => shared.bytesIn(format))
  for (const format of [...formats].reverse()) for (let i = 0; i < 10; i++) shared.bytesIn(format)
  t.deepEqual(first.map(String), ['ahello', 'bhello', 'chello'])
  for (const [i, format] of formats.entries()) {
    t.is(format.calls, 1)
    t.is(shared.bytesIn(format), first[i])
  }
})

test('not before anybody asks', (t) => {
  const format = counting('a')
  const shared = new Shared('hello')
  t.is(format.calls, 0)
  t.is(shared.message, 'hello')
})

test('what cannot be encoded is thrown once for each format, and the others are given nothing', (t) => {
  const formats = [counting('a'), counting('b')] as const
  const shared = new Shared('boom')
  for (const format of formats) {
    t.throws(() => shared.bytesIn(format), { message: /boom/ })
    for (let i = 0; i < 10; i++) t.is(shared.bytesIn(format), undefined)
    t.is(format.calls, 1)
  }
})
