/** Guards: fields are found by name without regard to case, in order, joined as their syntax permits. */
import test from 'ava'
import { HeaderFields } from '../../../../actors/http/codec/headers.ts'
import { headOf } from './reading.ts'

const { headers } = headOf(
  [
    'GET / HTTP/1.1',
    'Host: a',
    'Accept: text/html',
    'ACCEPT: */*',
    'Cookie: a=1',
    'cookie: b=2',
    'Set-Cookie: c=3, d',
    'Set-Cookie: e=4',
    'Empty:',
    'X^: caret',
    'X~: tilde',
    '',
    '',
  ].join('\r\n'),
)

test('finds a field by its name in any case', (t) => {
  for (const name of ['host', 'Host', 'HOST']) t.is(headers.get(name), 'a')
  t.true(headers.has('aCCept'))
})

test('a field that is not there is undefined, one without a value is empty', (t) => {
  t.is(headers.get('hos'), undefined)
  t.is(headers.get('hosts'), undefined)
  t.is(headers.get(''), undefined)
  t.is(headers.get('hos\u0174'), undefined)
  t.false(headers.has('accept-encoding'))
  t.deepEqual(headers.getAll('range'), [])
  t.is(headers.get('empty'), '')
})

test('only letters have a case', (t) => {
  t.is(headers.get('x^'), 'caret')
  t.is(headers.get('x~'), 'tilde')
})

test('joins lines of one name with a comma, cookies with a semicolon, and Set-Cookie never', (t) => {
  t.is(headers.get('accept'), 'text/html, */*')
  t.is(headers.get('cookie'), 'a=1; b=2')
  t.is(headers.get('set-cookie'), 'c=3, d')
  t.deepEqual(headers.getAll('set-cookie'), ['c=3, d', 'e=4'])
})

test('iterates over all lines in order, names in small letters', (t) => {
  t.is(headers.count, 10)
  t.deepEqual(
    [...headers].map(([name]) => name),
    ['host', 'accept', 'accept', 'cookie', 'cookie', 'set-cookie', 'set-cookie', 'empty', 'x^', 'x~'],
  )
})

test('the empty fields are empty', (t) => {
  t.deepEqual([...HeaderFields.none], [])
})
