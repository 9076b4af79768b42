/** Guards: pages of another host may not connect unless it was said so, however Origin and Host are written. */
import test from 'ava'
import { isOriginAllowed, type OriginRule } from '../../../../actors/websocket/codec/origin.ts'

const table: readonly (readonly [
  rule: OriginRule,
  origin: string | undefined,
  host: string,
  allowed: boolean,
])[] = [
  ['same', undefined, 'a.example', true],
  ['same', 'http://a.example', 'a.example', true],
  ['same', 'https://a.example', 'a.example', true],
  ['same', 'https://A.Example', 'a.example', true],
  ['same', 'https://a.example', 'A.EXAMPLE', true],
  ['same', 'https://a.example:443', 'a.example', true],
  ['same', 'https://a.example', 'a.example:443', true],
  ['same', 'http://a.example', 'a.example:80', true],
  ['same', 'http://a.example:8080', 'a.example:8080', true],
  ['same', 'http://[::1]:8080', '[::1]:8080', true],
  ['same', 'http://[::1]', '[::1]', true],
  ['same', 'http://127.0.0.1:3000', '127.0.0.1:3000', true],
  ['same', 'https://a.example', 'a.example:80', false],
  ['same', 'http://a.example', 'a.example:443', false],
  ['same', 'http://a.example:8080', 'a.example', false],
  ['same', 'http://a.example', 'a.example:8080', false],
  ['same', 'http://b.example', 'a.example', false],
  ['same', 'http://x.a.example', 'a.example', false],
  ['same', 'http://a.example.', 'a.example', false],
  ['same', 'http://localhost', '127.0.0.1', false],
  ['same', 'null', 'null', false],
  ['same', '', 'a.example', false],
  ['same', 'a.example', 'a.example', false],
  ['same', 'http://a.example/', 'a.example', false],
  ['same', 'http://user@a.example', 'a.example', false],
  ['same', 'http://a.example, http://b.example', 'a.example', false],
  ['any', 'null', 'a.example', true],
  ['any', 'anything', 'a.example', true],
  [['https://b.example'], 'https://b.example', 'a.example', true],
  [['https://b.example'], 'https://b.example:443', 'a.example', true],
  [['https://b.example:443'], 'https://B.example', 'a.example', true],
  [['https://b.example'], undefined, 'a.example', true],
  [['https://b.example'], 'http://b.example', 'a.example', false],
  [['https://b.example'], 'https://b.example:8443', 'a.example', false],
  [['https://b.example'], 'https://a.example', 'a.example', false],
  [['https://b.example'], 'null', 'a.example', false],
  [['null'], 'null', 'a.example', true],
  [['null'], 'https://a.example', 'a.example', false],
  [['chrome-extension://abcdef'], 'chrome-extension://abcdef', 'a.example', true],
  [[], 'https://a.example', 'a.example', false],
]

for (const [rule, origin, host, allowed] of table) {
  test(`${JSON.stringify(rule)}: Origin ${origin ?? '(none)'} at Host ${host} ${allowed ? 'may' : 'may not'}`, (t) => {
    t.is(isOriginAllowed(rule, origin, host), allowed)
  })
}
