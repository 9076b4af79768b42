/**
 * Law: a remark is made exactly where the load generator had nothing left and the server did.
 */

import test from 'ava'
import { remarkOnLimit } from '../../bench/http/bottleneck.ts'

for (const { title, load, server, isLimited } of [
  { title: 'the load generator is saturated, the server is not', load: 0.98, server: 0.7, isLimited: true },
  { title: 'the server is saturated, the load generator is not', load: 0.7, server: 0.98, isLimited: false },
  { title: 'both are, the server more', load: 0.95, server: 0.97, isLimited: false },
  { title: 'neither is: they wait for each other', load: 0.5, server: 0.4, isLimited: false },
]) {
  test(`${isLimited ? 'remarks' : 'says nothing'} when ${title}`, (t) => {
    const remark = remarkOnLimit('wrk', [{ load, server }])
    t.is(remark?.startsWith('limited by wrk') ?? false, isLimited)
  })
}

test('the remark says how busy both were, in the median of the rounds', (t) => {
  const rounds = [
    { load: 0.2, server: 0.9 },
    { load: 0.97, server: 0.6 },
    { load: 0.99, server: 0.5 },
  ]
  t.regex(remarkOnLimit('wrk', rounds) ?? '', /wrk, .* 97 % busy, .* server 60 %/)
})
