/**
 * The law: over real sockets, the same bytes mean the same to us and to node:http, but for the differences that the
 * table explains. In no case are we laxer where the RFC does not ask or allow us to be.
 *
 * Each server is told every case on a connection of its own: which requests reached its handler whole, which only
 * began, and how it ended. The second request behind every mutant shows where its reader thinks the first one ended.
 */
import { readFile } from 'node:fs/promises'
import test from 'ava'
import { readText } from '../codec/reading.ts'
import { type Case, mutants, tables } from './cases.ts'
import type { Difference, Found } from './difference.ts'
import { differences, differencesTable } from './differences.ts'
import { relate } from './outcome.ts'
import { type Subject, startNode, startOurs } from './servers.ts'

/** Connections to each server at a time. */
const LANES = 32

test('the same bytes mean the same to node:http, or a difference that is explained', async (t) => {
  const [ours, theirs] = await Promise.all([startOurs(), startNode()])
  t.teardown(() => Promise.all([ours.stop(), theirs.stop()]))
  const cases = [...tables, ...mutants()]
  const counts = new Map<Difference, number>()
  const unexplained: string[] = []
  let next = 0
  async function lane(): Promise<void> {
    while (next < cases.length) {
      const one = cases[next++]!
      // Believed when it comes twice: an answer may have lost the race with the end of its client.
      const found = (await compare(one, ours, theirs)) && (await compare(one, ours, theirs))
      if (found === undefined) continue
      const entries = differences.filter((entry) => entry.stricter === found.relation && entry.covers(found))
      for (const entry of entries) counts.set(entry, (counts.get(entry) ?? 0) + 1)
      if (entries.length !== 1) unexplained.push(describe(one, found, entries))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))

  t.deepEqual(unexplained, [])
  for (const entry of differences) t.true(counts.has(entry), `no case needs "${entry.name}"`)
  const found = [...counts.values()].reduce((a, b) => a + b, 0)
  const { node, llhttp } = process.versions
  t.log(`${cases.length} cases, ${found} differences from node:http ${node} (llhttp ${llhttp})`)
  for (const entry of differences) {
    t.log(
      `${String(counts.get(entry) ?? 0).padStart(5)}  stricter: ${entry.stricter.padEnd(7)}  ${entry.name}`,
    )
  }
})

test('docs/http.md has the table of the differences', async (t) => {
  const text = await readFile(new URL('../../../../docs/http.md', import.meta.url), 'utf8')
  t.true(text.includes(differencesTable()), `it is to be:\n\n${differencesTable()}\n`)
})

test('a difference has a name of its own, and names the RFC that demands or permits it', (t) => {
  t.is(new Set(differences.map(({ name }) => name)).size, differences.length)
  for (const { name, law } of differences) t.regex(law, /^RFC 9\d{3} sections? \d/, name)
})

async function compare({ bytes: text }: Case, ours: Subject, theirs: Subject): Promise<Found | undefined> {
  const bytes = Buffer.from(text, 'latin1')
  const [mine, other] = await Promise.all([ours.tell(bytes), theirs.tell(bytes)])
  const relation = relate(mine, other)
  if (relation === 'same') return undefined
  const [head = ''] = text.split('\r\n\r\n', 1)
  const code = readText(text).verdict.replace(/^\d+ HTTP_/, '')
  return { text, head, code, relation, ours: mine, theirs: other }
}

function describe(
  { title, bytes }: Case,
  { relation, ours, theirs, code }: Found,
  entries: readonly Difference[],
): string {
  const [mine, other] = [ours, theirs].map(({ seen, end }) => {
    const requests = seen.map(
      ({ method, target, body }) => `${method} ${target}${body === undefined ? ' (begun)' : ''}`,
    )
    return `[${requests.join(', ')}] ${end}`
  })
  const names = entries.map(({ name }) => `"${name}"`).join(' and ') || 'no entry'
  return `${title}: ${JSON.stringify(bytes.slice(0, 300))}: ${mine} (${code}) against ${other}: stricter: ${relation}; covered by ${names}`
}
