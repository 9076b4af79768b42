/** Guards: what is a request, what is refused and with which status, whatever the cut; and that nothing is read beyond it. */
import test from 'ava'
import { Input } from '../../../../actors/connection/input.ts'
import { HttpError } from '../../../../actors/http/codec/errors.ts'
import { parseHead } from '../../../../actors/http/codec/parse-request.ts'
import { defaultHttpLimits } from '../../../../actors/http/limits.ts'
import { everyCut, headOf, read, readText } from './reading.ts'
import { invalidRequests, validRequests } from './requests.ts'

for (const { title, bytes, first, count = 1 } of validRequests) {
  test(`reads ${title}`, (t) => {
    const { messages, verdict } = readText(bytes)
    t.is(verdict, 'end')
    t.is(messages.length, count)
    if (first !== undefined) t.like(messages[0]!, first)
  })

  test(`reads ${title} the same in every cut`, (t) => {
    const buffer = Buffer.from(bytes, 'latin1')
    const whole = read([buffer])
    for (const pieces of everyCut(buffer)) t.deepEqual(read(pieces), whole)
  })
}

for (const [title, bytes, verdict] of invalidRequests) {
  test(`refuses ${title}`, (t) => {
    t.is(readText(bytes).verdict, verdict)
  })

  // Long ones are cut by `parse-limits.test.ts`, at the positions that matter.
  if (bytes.length > 1_000) continue
  test(`refuses ${title} the same in every cut`, (t) => {
    const buffer = Buffer.from(bytes, 'latin1')
    const whole = read([buffer])
    for (const pieces of everyCut(buffer)) t.deepEqual(read(pieces), whole)
  })
}

test('refuses a bad line at once, without waiting for the end of its head', (t) => {
  for (const bytes of ['GET\r\n', 'GET / HTTP/1.1\n', 'GET / HTTP/1.1\r\nA : b\r\n', '\x16']) {
    const input = new Input()
    input.push(Buffer.from(bytes))
    t.throws(() => parseHead(input, defaultHttpLimits).next(), { instanceOf: HttpError }, bytes)
  }
})

test('consumes the head and not a byte more', (t) => {
  const input = new Input()
  input.push(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\nrest'))
  t.true(parseHead(input, defaultHttpLimits).next().done)
  t.is(input.take(4).toString(), 'rest')
})

test('takes what it can of a head that is not whole, and no step without new bytes changes anything', (t) => {
  const input = new Input()
  const parsing = parseHead(input, defaultHttpLimits)
  t.deepEqual(parsing.next(), { value: undefined, done: false })
  input.push(Buffer.from('GET / HTTP/1.1\r\nHost'))
  t.false(parsing.next().done)
  t.false(parsing.next().done)
  input.push(Buffer.from(': a\r\n\r\n'))
  const step = parsing.next()
  t.true(step.done)
  t.is((step.value || undefined)?.headers.get('host'), 'a')
})

test('an error says whose fault, a status and one line that holds no control character', (t) => {
  for (const [title, bytes] of invalidRequests) {
    const input = new Input()
    input.push(Buffer.from(bytes, 'latin1'))
    try {
      parseHead(input, defaultHttpLimits).next()
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      t.is(error.name, 'HttpError')
      t.regex(error.reason, /^[\x20-\x7e]{1,120}$/, title)
    }
  }
  t.pass()
})

const parts: readonly (readonly [target: string, path: string, query: string, authority: string])[] = [
  ['/', '/', '', 'a'],
  ['/b/c?d=e?f', '/b/c', 'd=e?f', 'a'],
  ['/?', '/', '', 'a'],
  ['//b', '//b', '', 'a'],
  ['http://b', '/', '', 'b'],
  ['HTTP://b:1/c?d', '/c', 'd', 'b:1'],
  ['http://b?d', '/', 'd', 'b'],
]

for (const [target, path, query, authority] of parts) {
  test(`takes ${target} apart`, (t) => {
    const head = headOf(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.deepEqual([head.path, head.query, head.authority], [path, query, authority])
  })
}

test('targets that are not paths have none', (t) => {
  t.is(headOf('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n').path, '')
  const connect = headOf('CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n')
  t.deepEqual([connect.path, connect.authority], ['', 'b:1'])
  t.is(headOf('GET / HTTP/1.0\r\n\r\n').authority, undefined)
})
