/**
 * The law: the same bytes mean the same to us and to ws, but for the differences that the table explains; and in none of
 * them do we give a message that ws does not give.
 */
import test from 'ava'
import { createWebSocketLimits } from '../../../../actors/websocket/limits.ts'
import { tell } from '../codec/oracle.ts'
import { type Reading, readWhole } from '../codec/reading.ts'
import { type Case, FRAGMENTS_MAX, MESSAGE_BYTES_MAX, mutants, rare, tables } from './cases.ts'
import { type Difference, differences } from './differences.ts'

const limits = createWebSocketLimits({ messageBytesMax: MESSAGE_BYTES_MAX, fragmentsMax: FRAGMENTS_MAX })

const agreed = { server_no_context_takeover: true, client_no_context_takeover: true } as const

async function compare({ bytes, isDeflated }: Case): Promise<{ ours: Reading; theirs: Reading }> {
  const ours = readWhole(bytes, { limits, isDeflated })
  const theirs = await tell(bytes, {
    messageBytesMax: MESSAGE_BYTES_MAX,
    fragmentsMax: FRAGMENTS_MAX,
    ...(isDeflated ? { agreed } : {}),
  })
  return { ours, theirs }
}

/** The verdict in ws's words: its close code, or whether it waits for more. */
function verdictOf({ verdict }: Reading): string {
  return verdict === 'within' ? 'open' : verdict.replace(/ .*/, '')
}

function messagesIn({ events }: Reading): readonly string[] {
  return events.filter((event) => /^(?:text|binary) /.test(event))
}

test('the same bytes mean the same to ws, or a difference that is explained', async (t) => {
  const cases = [...tables, ...rare, ...mutants(6_000, 20_260_101)]
  const counts = new Map<Difference, number>()
  const verdicts = new Map<string, number>()
  const unexplained: string[] = []
  for (const one of cases) {
    const { ours, theirs } = await compare(one)
    verdicts.set(ours.verdict, (verdicts.get(ours.verdict) ?? 0) + 1)
    const isSame = verdictOf(ours) === theirs.verdict && ours.events.join('\n') === theirs.events.join('\n')
    if (isSame) continue
    const messages = messagesIn(ours)
    t.deepEqual(messages, messagesIn(theirs).slice(0, messages.length), one.bytes.toString('hex'))
    const entries = differences.filter(({ covers }) => covers({ isDeflated: one.isDeflated, ours, theirs }))
    for (const entry of entries) counts.set(entry, (counts.get(entry) ?? 0) + 1)
    if (entries.length !== 1) {
      const names = entries.map(({ name }) => `"${name}"`).join(' and ') || 'no entry'
      unexplained.push(
        `${one.title}${one.isDeflated ? ' (deflate)' : ''}: ${one.bytes.toString('hex').slice(0, 300)}: ${JSON.stringify(ours)} against ${JSON.stringify(theirs)}; covered by ${names}`,
      )
    }
  }
  t.deepEqual(unexplained.slice(0, 10), [])
  for (const entry of differences) t.true(counts.has(entry), `no case needs "${entry.name}"`)
  // The cases reach every verdict, and most of them far more than once.
  t.deepEqual([...verdicts.keys()].sort(), [
    '1002 CLOSE_INVALID',
    '1002 CONTINUATION_UNEXPECTED',
    '1002 CONTROL_FRAGMENTED',
    '1002 CONTROL_TOO_LONG',
    '1002 FRAME_UNMASKED',
    '1002 LENGTH_INVALID',
    '1002 MESSAGE_INTERRUPTED',
    '1002 OPCODE_UNKNOWN',
    '1002 RESERVED_BITS',
    '1007 DEFLATE_INVALID',
    '1007 REASON_INVALID',
    '1007 TEXT_INVALID',
    '1008 TOO_MANY_FRAGMENTS',
    '1009 MESSAGE_TOO_LARGE',
    'closed',
    'open',
    'within',
  ])
  const found = [...counts.values()].reduce((a, b) => a + b, 0)
  t.log(`${cases.length} cases, ${found} differences from ws`)
  for (const entry of differences) t.log(`${String(counts.get(entry) ?? 0).padStart(5)}  ${entry.name}`)
})

test('a difference has a name of its own, and names the RFC that demands or permits it', (t) => {
  t.is(new Set(differences.map(({ name }) => name)).size, differences.length)
  for (const { name, law } of differences) t.regex(law, /^RFC (?:6455|7692) sections? \d/, name)
})
