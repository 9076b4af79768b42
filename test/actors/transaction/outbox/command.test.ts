/**
 * Law: the command does what it is told, to an outbox that is there, and nothing else; and says what is wrong in words and in
 * its exit code.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { createSystem, silentLog } from 'greenroom'
import postgres from 'postgres'
import { runCommand } from '../../../../actors/transaction/outbox/command.ts'
import { CommandUsageError, readCommand } from '../../../../actors/transaction/outbox/command-line.ts'
import { schemaOf } from '../../../../actors/transaction/outbox/schema.ts'
import { claim, fail, insertPublished } from '../../../../actors/transaction/outbox/store.ts'
import { postgresOrSkip } from '../postgres/server.ts'
import { type Bench, openSqlite } from './bench.ts'

const folder = mkdtempSync(join(tmpdir(), 'greenroom-outbox-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** What the command answers, and writes. */
async function run(...args: readonly string[]) {
  await using system = createSystem({ log: silentLog })
  let [out, err] = ['', '']
  const code = await runCommand(system.ctx, args, {
    write: (text) => {
      out += text
    },
    writeError: (text) => {
      err += text
    },
  })
  return { code, out, err }
}

/** A database that a server has open, with messages 1 (dead), 2 (waits) and 3 (due, of another destination). */
async function opened(name: string): Promise<{ file: string; bench: Bench }> {
  const file = join(folder, name)
  const bench = openSqlite(file)
  const nowMs = Date.now()
  await bench.transact(function* (tx) {
    const mail = { destination: 'mail', payload: '{"to":"ann"}', delayMs: 0 }
    yield* insertPublished(tx, [mail, mail, { ...mail, destination: 'text' }], nowMs, undefined)
    const request = { nowMs, leaseMs: 9, attemptsMax: 9, total: 9, room: 9, rooms: { text: 0 }, strict: [] }
    const [first, second] = (yield* claim(tx, request)).messages
    yield* fail(
      tx,
      [
        { ...first!, error: 'no\u001b[31m such\naccount', dueMs: undefined },
        { ...second!, error: 'busy', dueMs: nowMs + 3_600_000 },
      ],
      nowMs,
    )
  })
  return { file, bench }
}

for (const [args, message] of [
  ['list --database a.db', 'there is "greenroom outbox", and not "list"'],
  ['outbox', 'greenroom outbox does list, replay and discard, and not ""'],
  ['outbox purge --database a.db', 'greenroom outbox does list, replay and discard, and not "purge"'],
  ['outbox list', '--database is needed: a file, or a url'],
  ['outbox list --database a.db --all-dead', 'greenroom outbox list takes no --all-dead'],
  ['outbox list --database a.db 7', 'greenroom outbox list takes no ids, and not "7"'],
  ['outbox list --database a.db --limit 0', '--limit is a whole number from 1 to 10000, not "0"'],
  ['outbox discard --database a.db', 'greenroom outbox discard takes ids of messages, or --all-dead'],
  ['outbox replay --database a.db', 'greenroom outbox replay takes ids of messages, or --all-dead'],
  ['outbox discard --database a.db 7 --all-dead', 'either ids, or --all-dead, and not both'],
  ['outbox discard --database a.db --dead', 'greenroom outbox discard takes no --dead'],
  [
    'outbox discard --database a.db 7 --destination mail',
    '--destination goes with --all-dead: an id is of one message anyway',
  ],
  [
    'outbox discard --database a.db 7x',
    `an id is a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, not "7x"`,
  ],
] as const) {
  test(`greenroom ${args}: ${message}`, async (t) => {
    t.throws(() => readCommand(args.split(' ')), { instanceOf: CommandUsageError, message })
    const { code, out, err } = await run(...args.split(' '))
    t.is(code, 2)
    t.is(out, '')
    t.true(err.startsWith(`${message}\n\nusage:\n`))
  })
}

test('an option that nobody knows is a mistake', async (t) => {
  t.like(await run('outbox', 'list', '--database', 'a.db', '--al'), { code: 2, out: '' })
})

test('help, and no argument at all, give the usage', async (t) => {
  for (const args of [[], ['--help'], ['outbox', 'list', '-h']]) {
    const { code, out } = await run(...args)
    t.is(code, 0)
    t.regex(out, /^usage:/)
  }
})

test('ids may be named twice', (t) => {
  t.like(readCommand(['outbox', 'replay', '--database', 'a.db', '7', '8', '7']), { ids: [7, 8] })
})

test('a list is a table, in which nothing obeys what a message says', async (t) => {
  const { file, bench } = await opened('list.db')
  const { code, out } = await run('outbox', 'list', '--database', file)
  t.is(code, 0)
  const lines = out.split('\n').map((line) =>
    line
      .replace(/\w{3}, [\w :]* GMT/, 'WHEN')
      .replace(/in \d+ s/, 'in N s')
      .split(/ {2,}/),
  )
  t.deepEqual(lines, [
    ['id', 'state', 'destination', 'attempts', 'published', 'next', 'last error', 'payload'],
    ['1', 'dead', 'mail', '1', 'WHEN', 'no [31m such account', '{"to":"ann"}'],
    ['2', 'waiting', 'mail', '1', 'WHEN', 'in N s', 'busy', '{"to":"ann"}'],
    ['3', 'due', 'text', '0', 'WHEN', '{"to":"ann"}'],
    [''],
  ])
  await bench.close()
})

test('a list can be of the dead, of a destination, of so many, and as JSON lines', async (t) => {
  const { file, bench } = await opened('json.db')
  const ids = async (...args: string[]) => {
    const { code, out } = await run('outbox', 'list', '--database', file, '--json', ...args)
    t.is(code, 0)
    return out.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { id: number }).id]))
  }
  t.deepEqual(await ids(), [1, 2, 3])
  t.deepEqual(await ids('--dead'), [1])
  t.deepEqual(await ids('--destination', 'text'), [3])
  t.deepEqual(await ids('--limit', '2'), [1, 2])
  t.is((await run('outbox', 'list', '--database', file, '--destination', 'none')).out, 'no messages\n')
  await bench.close()
})

test('a long list comes as a whole', async (t) => {
  const file = join(folder, 'long.db')
  const bench = openSqlite(file)
  const published = new Array(250).fill({ destination: 'mail', payload: '1', delayMs: 0 })
  await bench.transact((tx) => insertPublished(tx, published, Date.now(), undefined))
  for (const [limit, count] of [
    [100, 100],
    [101, 101],
    [1_000, 250],
  ] as const) {
    const { out } = await run('outbox', 'list', '--database', file, '--json', '--limit', `${limit}`)
    const ids = out
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { id: number }).id]))
    t.deepEqual(
      ids,
      Array.from({ length: count }, (_, index) => index + 1),
    )
  }
  await bench.close()
})

test('replay and discard change what they are told while the database is in use, and say how many', async (t) => {
  const { file, bench } = await opened('change.db')
  const call = (...args: string[]) => run('outbox', ...args, '--database', file)
  t.deepEqual(await call('replay', '--all-dead', '--destination', 'text'), {
    code: 0,
    out: 'replayed 0 messages\n',
    err: '',
  })
  t.like(await call('replay', '--all-dead'), { code: 0, out: 'replayed 1 message\n' })
  t.like(await call('replay', '2'), { code: 0, out: 'replayed 1 message\n' })
  t.regex((await call('list')).out, /1 +due[\s\S]*2 +due/)
  t.like(await call('discard', '--all-dead'), { code: 0, out: 'discarded 0 messages\n' })
  t.deepEqual(await call('discard', '1', '99'), {
    code: 1,
    out: 'discarded 1 message\n',
    err: '1 message of 2: not there\n',
  })
  t.is((await call('list', '--json')).out.split('\n').length, 3)
  await bench.close()
})

test('a file that is not there is not made', async (t) => {
  const file = join(folder, 'none.db')
  t.deepEqual(await run('outbox', 'list', '--database', file), {
    code: 1,
    out: '',
    err: `greenroom outbox list: there is no file ${file}\n`,
  })
  t.false(readdirSync(folder).includes('none.db'))
})

test('a database without an outbox stays without, and a file that is no database is left alone', async (t) => {
  const file = join(folder, 'other.db')
  const other = new Database(file)
  other.exec('create table account (id integer)')
  for (const action of [['list'], ['discard', '--all-dead']]) {
    t.deepEqual(await run('outbox', ...action, '--database', file), {
      code: 1,
      out: '',
      err: `greenroom outbox ${action[0]}: there is no outbox in ${file}\n`,
    })
  }
  t.deepEqual(other.prepare('select name from sqlite_schema').all(), [{ name: 'account' }])
  t.is(other.pragma('journal_mode', { simple: true }), 'delete')
  other.close()
  const text = join(folder, 'text.txt')
  writeFileSync(text, 'no database '.repeat(100))
  const { code, err } = await run('outbox', 'list', '--database', text)
  t.is(code, 1)
  t.regex(err, /not a database/)
})

test('a url of PostgreSQL is served as well, and its password is not shown', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const database = Object.assign(new URL(url), { password: 'secret' }).href
  const call = (...args: string[]) => run('outbox', ...args, '--database', database)
  const without = await call('list')
  t.is(without.code, 1)
  t.regex(without.err, /there is no outbox in postgres:/)
  t.notRegex(without.err, /secret/)
  const sql = postgres(url, { max: 1, onnotice() {} })
  await sql.unsafe(schemaOf('postgres'))
  await sql`insert into greenroom_outbox (destination, payload, created_ms, due_ms, dead_ms) values ('mail', '1', 1, 1, 2)`
  await sql.end()
  t.regex((await call('list', '--dead')).out, /^1 +dead +mail/m)
  t.like(await call('replay', '1'), { code: 0, out: 'replayed 1 message\n' })
  t.like(await call('discard', '1'), { code: 0, out: 'discarded 1 message\n' })
  t.is((await call('list')).out, 'no messages\n')
})
