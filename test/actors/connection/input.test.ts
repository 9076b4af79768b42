/** Guards: an input is one sequence of bytes, however it came in; views are never written to; small chunks are gathered. */
import test from 'ava'
import fc from 'fast-check'
import { Input } from '../../../actors/connection/input.ts'
import { InvariantError } from '../../../runtime/errors.ts'

function inputOf(...chunks: readonly string[]): Input {
  const input = new Input()
  for (const chunk of chunks) input.push(Buffer.from(chunk))
  return input
}

test('begins empty and not ended', (t) => {
  const input = new Input()
  t.deepEqual([input.available, input.ended, input.byteAt(0), input.indexOf(10)], [0, false, -1, -1])
})

test('hands out views without copying where one chunk holds the bytes', (t) => {
  const chunk = Buffer.from('hello world')
  const input = new Input()
  input.push(chunk)
  t.is(input.take(5).buffer, chunk.buffer)
  t.is(input.takeSome(100).buffer, chunk.buffer)
  t.is(input.available, 0)
})

test('takes across chunks, exactly and in part', (t) => {
  const large = 'x'.repeat(5_000)
  const input = inputOf(`ab${large}`, `${large}cd`)
  t.is(input.take(1).toString(), 'a')
  t.is(input.takeSome(20_000).length, 5_001)
  t.is(input.takeSome(5_000).toString(), large)
  t.is(input.take(2).toString(), 'cd')
})

test('finds sequences that lie across chunks', (t) => {
  const large = 'x'.repeat(5_000)
  const input = inputOf(`${large}\r`, `\n${large}\r\n`, `\r\n`)
  t.is(input.indexOf(Buffer.from('\r\n')), 5_000)
  t.is(input.indexOf(Buffer.from('\r\n'), 5_001), 10_002)
  t.is(input.indexOf(Buffer.from('\r\n\r\n')), 10_002)
  t.is(input.indexOf(Buffer.from('\n\n')), -1)
  t.is(input.indexOf(13, 5_001), 10_002)
})

test('a view stays what it was while more arrives', (t) => {
  const input = inputOf('a', 'b')
  const view = input.takeSome(10)
  const copy = view.toString()
  for (let i = 0; i < 100; i++) input.push(Buffer.from('z'))
  t.is(view.toString(), copy)
})

test('single bytes are gathered into few chunks', (t) => {
  const input = new Input()
  for (let i = 0; i < 20_000; i++) input.push(Buffer.of(i & 0xff))
  let pieces = 0
  for (let at = 0; input.available > 0; pieces++) {
    for (const byte of input.takeSome(20_000)) if (byte !== (at++ & 0xff)) t.fail(`byte ${at} is wrong`)
  }
  t.is(pieces, 5)
})

test('empty chunks are nothing, and nothing comes after the end', (t) => {
  const input = inputOf('', 'a', '')
  input.end()
  t.true(input.ended)
  t.is(input.available, 1)
  t.throws(() => input.push(Buffer.from('b')), { instanceOf: InvariantError, code: 'INPUT_ENDED' })
  t.is(input.take(1).toString(), 'a')
})

test('asking for more than there is fails and changes nothing', (t) => {
  const input = inputOf('ab')
  const tooMuch = { instanceOf: InvariantError, code: 'INPUT_UNDERRUN' }
  t.throws(() => input.take(3), tooMuch)
  t.throws(() => input.skip(3), tooMuch)
  t.throws(() => input.latin1(0, 3), tooMuch)
  t.throws(() => input.gather(3), tooMuch)
  t.is(input.take(2).toString(), 'ab')
})

const command = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({
    kind: fc.constant('push' as const),
    bytes: fc.uint8Array({ minLength: 2_000, maxLength: 6_000 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'take' as const,
      'takeSome' as const,
      'skip' as const,
      'gather' as const,
      'look' as const,
    ),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
)

test('behaves as one buffer does, under any order of commands', (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const input = new Input()
      let model = Buffer.alloc(0)
      const views: { view: Buffer; copy: Buffer }[] = []
      const consume = (view: Buffer): void => {
        const copy = model.subarray(0, view.length)
        views.push({ view, copy })
        model = model.subarray(view.length)
      }
      for (const step of commands) {
        if (step.kind === 'push') {
          input.push(Buffer.from(step.bytes))
          model = Buffer.concat([model, step.bytes])
          continue
        }
        const n = Math.floor(step.share * model.length)
        if (step.kind === 'take') consume(input.take(n))
        else if (step.kind === 'takeSome') consume(input.takeSome(n))
        else if (step.kind === 'gather') input.gather(n)
        else if (step.kind === 'skip') {
          input.skip(n)
          model = model.subarray(n)
        } else {
          const needle = model.subarray(n, n + 2)
          if (input.indexOf(needle, n >> 1) !== model.indexOf(needle, n >> 1)) return false
          if (input.latin1(n >> 1, n) !== model.toString('latin1', n >> 1, n)) return false
        }
        if (input.available !== model.length || input.byteAt(n) !== (model[n] ?? -1)) return false
      }
      return views.every(({ view, copy }) => view.equals(copy)) && input.take(model.length).equals(model)
    }),
  )
  t.pass()
})
