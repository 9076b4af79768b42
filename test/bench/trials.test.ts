/**
 * Laws: a row's name belongs to one row, so that a program finds it; whoever takes part in a trial is there; what the
 * trials send is what they say.
 */

import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { JSON_16K } from '../../bench/http/payload.ts'
import { httpServers, httpSuite } from '../../bench/http.ts'

const rows = httpSuite.trials.flatMap(({ figures, between }) =>
  figures.flatMap(({ what }) => between.map((who) => `${who} ${what}`)),
)

test('no two rows have one name', (t) => {
  t.deepEqual([...new Set(rows)], rows)
})

test('the headline comes first, under names that stay', (t) => {
  const [first, ...rest] = httpSuite.trials
  t.is(first?.between[0], 'greenroom')
  for (const row of ['node:http hello', 'net hello', 'Fastify hello', 'node:http hello p99']) {
    t.true(rows.indexOf(row) >= 0 && rows.indexOf(row) < 12, row)
  }
  t.is(first?.rounds, undefined)
  t.true(rest.every(({ rounds = httpSuite.rounds }) => rounds <= httpSuite.rounds))
})

test('every trial is between servers that there are, and every server takes part in one', (t) => {
  const named = new Set(httpSuite.trials.flatMap(({ between }) => between))
  t.deepEqual([...named].sort(), [...httpServers.keys()].sort())
  for (const module of httpServers.values()) t.true(existsSync(module), module.href)
})

test('the body of `json` is 16 kB of JSON, in the form that JSON.stringify gives it', (t) => {
  t.is(Buffer.byteLength(JSON_16K), 16_384)
  t.is(JSON.stringify(JSON.parse(JSON_16K)), JSON_16K)
  t.true(JSON.parse(JSON_16K).orders.length > 50)
})

test('the README names every trial', (t) => {
  const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8')
  for (const { name, figures } of httpSuite.trials) {
    t.true(readme.includes(`\`${name}\``), name)
    t.true(readme.includes(`\`${figures[0]?.what}\``), figures[0]?.what)
  }
})
