/** Guards: a body is pulled in pieces without copying, nothing is read unasked, and the end is exact. */
import test from 'ava'
import { Input } from '../../../../actors/connection/input.ts'
import { BodyDecoder } from '../../../../actors/http/codec/body.ts'
import { HttpError } from '../../../../actors/http/codec/errors.ts'
import type { BodyKind } from '../../../../actors/http/codec/framing.ts'
import { createHttpLimits, defaultHttpLimits } from '../../../../actors/http/limits.ts'

function decode(
  bodyKind: BodyKind,
  contentLength: number,
  bytes: string,
): { input: Input; body: BodyDecoder } {
  const input = new Input()
  if (bytes !== '') input.push(Buffer.from(bytes))
  return { input, body: new BodyDecoder({ bodyKind, contentLength }, input, defaultHttpLimits) }
}

test('no body is done before it is read', (t) => {
  const { input, body } = decode('none', 0, 'GET')
  t.true(body.done)
  t.is(body.read(), undefined)
  t.is(input.available, 3)
})

test('a body by length ends behind its last byte', (t) => {
  const { input, body } = decode('length', 5, 'hel')
  t.is(body.read()?.toString(), 'hel')
  t.is(body.read(), undefined)
  t.false(body.done)
  input.push(Buffer.from('loGET'))
  t.is(body.read()?.toString(), 'lo')
  t.is(body.read(), undefined)
  t.true(body.done)
  t.is(input.available, 3)
})

test('chunks come one by one, as views, and what nobody reads stays in the input', (t) => {
  const received = Buffer.from('5\r\nhello\r\n5\r\nworld\r\n0\r\nA: b\r\n\r\nGET')
  const input = new Input()
  input.push(received)
  const body = new BodyDecoder({ bodyKind: 'chunked', contentLength: 0 }, input, defaultHttpLimits)
  t.is(body.read()?.buffer, received.buffer)
  t.is(input.available, received.length - 8)
  t.is(body.read()?.toString(), 'world')
  t.deepEqual([...body.trailers], [])
  t.is(body.read(), undefined)
  t.true(body.done)
  t.deepEqual([...body.trailers], [['a', 'b']])
  t.is(input.available, 3)
})

test('a chunk larger than what came is handed out as it comes', (t) => {
  const { input, body } = decode('chunked', 0, 'a\r\n01234')
  t.is(body.read()?.toString(), '01234')
  t.is(body.read(), undefined)
  input.push(Buffer.from('56789\r\n0\r\n\r\n'))
  t.is(body.read()?.toString(), '56789')
  t.is(body.read(), undefined)
  t.true(body.done)
})

test('a body that failed stays failed, with the same error', (t) => {
  const { input, body } = decode('chunked', 0, 'x\r\n')
  const error = t.throws(() => body.read(), { instanceOf: HttpError, code: 'HTTP_CHUNK_INVALID' })
  input.push(Buffer.from('0\r\n\r\n'))
  t.is(
    t.throws(() => body.read()),
    error,
  )
  t.false(body.done)
})

test('a chunk that passes the limit is refused before any of its data is handed out', (t) => {
  const input = new Input()
  input.push(Buffer.from('5\r\nhello\r\n6\r\nworld!\r\n'))
  const limits = createHttpLimits({ bodyBytesMax: 10 })
  const body = new BodyDecoder({ bodyKind: 'chunked', contentLength: 0 }, input, limits)
  t.is(body.read()?.toString(), 'hello')
  t.throws(() => body.read(), { code: 'HTTP_BODY_TOO_LARGE' })
})
