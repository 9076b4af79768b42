/** Law: what PostgreSQL says has the same code as any database's, and its own error as the cause. */
import test from 'ava'
import { DatabaseError } from '../../../../actors/transaction/errors.ts'
import { loadPackage } from '../../../../actors/transaction/postgres/client.ts'
import { toCommitError, toDatabaseError } from '../../../../actors/transaction/postgres/sqlstate.ts'
import { TcpProxy } from './proxy.ts'
import { postgresOrSkip } from './server.ts'
import {
  all,
  codeOf,
  committed,
  failure,
  first,
  one,
  open,
  READ_COMMITTED,
  READING,
  run,
  WRITING,
  withDatabase,
} from './support.ts'

const SCHEMA = `
  create table parent (id int primary key, n int not null default 0 check (n >= 0));
  create table child (parent int references parent deferrable initially deferred);
  insert into parent values (1), (2);
`

const statements: readonly [sql: string, code: string][] = [
  ['insert into parent values (1)', 'DATABASE_CONSTRAINT'],
  ['update parent set n = -1', 'DATABASE_CONSTRAINT'],
  ['update parent set n = null', 'DATABASE_CONSTRAINT'],
  ['nonsense', 'DATABASE_STATEMENT'],
  ['select * from nowhere', 'DATABASE_STATEMENT'],
  ["select 'x'::int", 'DATABASE_STATEMENT'],
  ['select 1 / 0', 'DATABASE_STATEMENT'],
  ['vacuum', 'DATABASE_STATEMENT'],
  ['select (select id from parent)', 'DATABASE_STATEMENT'],
  ["do $$ begin raise 'no' ; end $$", 'DATABASE_ERROR'],
  ["do $$ begin raise 'no' using errcode = '53100'; end $$", 'DATABASE_FULL'],
  ["do $$ begin raise 'no' using errcode = '58030'; end $$", 'DATABASE_IO'],
  ["do $$ begin raise 'no' using errcode = 'XX001'; end $$", 'DATABASE_CORRUPT'],
]

test(
  'a statement that fails says why',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    for (const [sql, code] of statements) {
      const error = await failure(
        t,
        committed(driver, (session) => run(session, sql)),
      )
      t.is(error.code as string, code, sql)
      t.is((error.cause as Error).name, 'PostgresError')
      t.regex(error.message, /SQLSTATE .{5}/)
    }
  }),
)

test(
  'a constraint that is checked at COMMIT fails it, and nothing is in doubt',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    t.is(
      await codeOf(
        t,
        committed(driver, (session) => run(session, 'insert into child values (3)')),
      ),
      'DATABASE_CONSTRAINT',
    )
    t.deepEqual(await committed(driver, (session) => all(session, 'select * from child')), [])
  }),
)

test(
  'of two transactions that cannot be serialised one fails, at its statement or at COMMIT',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    const [a, b] = [await driver.begin(WRITING), await driver.begin(WRITING)]
    await all(a, 'select sum(n) from parent')
    await all(b, 'select sum(n) from parent')
    await run(a, 'insert into parent values (3)')
    await run(b, 'insert into parent values (4)')
    await a.commit()
    const error = await failure(t, b.commit())
    t.is(error.code, 'DATABASE_SERIALIZATION')
    t.true(error.isTransient)
    const [c, d] = [await driver.begin(WRITING), await driver.begin(WRITING)]
    await all(d, 'select * from parent')
    await run(c, 'update parent set n = 1 where id = 1')
    await c.commit()
    t.is(await codeOf(t, run(d, 'update parent set n = 2 where id = 1')), 'DATABASE_SERIALIZATION')
    await d.rollback()
  }),
)

test(
  'of two transactions in a deadlock one fails, and is worth doing again',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    const [a, b] = [await driver.begin(READ_COMMITTED), await driver.begin(READ_COMMITTED)]
    await run(a, 'set local deadlock_timeout to 10')
    await run(b, 'set local deadlock_timeout to 10')
    await run(a, 'update parent set n = 1 where id = 1')
    await run(b, 'update parent set n = 1 where id = 2')
    const results = await Promise.allSettled([
      run(a, 'update parent set n = 1 where id = 2').finally(() => a.rollback()),
      run(b, 'update parent set n = 1 where id = 1').finally(() => b.rollback()),
    ])
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    t.deepEqual(failed, ['DATABASE_SERIALIZATION'])
  }),
)

test(
  'a lock that is not given in time is busy, and a statement that takes too long is stopped by the server',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    const [holder, waiting] = [await driver.begin(READ_COMMITTED), await driver.begin(READ_COMMITTED)]
    await run(holder, 'update parent set n = 1')
    await run(waiting, 'set local lock_timeout to 20')
    t.is(await codeOf(t, run(waiting, 'update parent set n = 2')), 'DATABASE_BUSY')
    await waiting.rollback()
    await run(holder, 'set local statement_timeout to 20')
    t.is(await codeOf(t, run(holder, 'select pg_sleep(5)')), 'DATABASE_STATEMENT_TIMEOUT')
    await holder.rollback()
  }),
)

test(
  'a transaction that only reads cannot write',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SCHEMA))
    const writing = committed(driver, (session) => run(session, 'delete from parent'), READING)
    t.is(await codeOf(t, writing), 'DATABASE_READ_ONLY')
  }),
)

test(
  'more rows than are allowed fail any statement, are not kept, and are not waited for',
  withDatabase(
    async (t, driver) => {
      const session = await driver.begin(WRITING)
      t.is((await all(session, 'select generate_series(1, 10)')).length, 10)
      const endless = 'select generate_series(1, 1e9::int8)'
      t.is(await codeOf(t, all(session, endless)), 'DATABASE_ROWS_LIMIT')
      await session.rollback()
      for (const step of [all, one, first, run]) {
        t.is(
          await codeOf(
            t,
            committed(driver, (session) => step(session, 'select generate_series(1, 11)')),
          ),
          'DATABASE_ROWS_LIMIT',
        )
      }
      t.deepEqual(await committed(driver, (session) => one(session, 'select 1 as fine')), { fine: 1 })
    },
    {},
    { rowsMax: 10 },
  ),
)

test(
  'a savepoint undoes a statement that gave too many rows',
  withDatabase(
    async (t, driver) => {
      await committed(driver, async (session) => {
        await session.savepoint('s')
        t.is(await codeOf(t, all(session, 'select generate_series(1, 100000)')), 'DATABASE_ROWS_LIMIT')
        await session.rollbackTo('s')
        t.deepEqual(await one(session, 'select 1 as fine'), { fine: 1 })
      })
    },
    {},
    { rowsMax: 10 },
  ),
)

test(
  'a statement that stayed prepared while its table was changed is worth doing again, and then succeeds',
  withDatabase(
    async (t, driver) => {
      const read = () => committed(driver, (session) => all(session, 'select * from parent where id = ?', 1))
      await committed(driver, async (session) => driver.script(session, SCHEMA))
      await read()
      await committed(driver, async (session) =>
        driver.script(session, 'alter table parent add column more int'),
      )
      const error = await failure(t, read())
      t.is(error.code, 'DATABASE_SERIALIZATION')
      t.deepEqual(await read(), [{ id: 1, n: 0, more: null }])
      await committed(driver, async (session) => driver.script(session, 'discard plans; deallocate all'))
      t.is(await codeOf(t, read()), 'DATABASE_SERIALIZATION')
      t.is((await read()).length, 1)
    },
    { sessions: 1 },
  ),
)

test('a user, a password or a database that is refused is nothing to try again', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  for (const wrong of [{ database: 'greenroom_nowhere' }, { username: 'greenroom_nobody' }]) {
    const driver = await open(t, { url, ...wrong })
    const session = await driver.begin(WRITING)
    const error = await failure(t, one(session, 'select 1'))
    t.is(error.code, 'DATABASE_CANNOT_OPEN', error.message)
    t.false(error.isTransient)
    await session.rollback()
  }
})

test('a server that is not there, has no room, or hangs up is unavailable', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  const noPort = await open(t, { url: 'postgres://postgres@127.0.0.1:1/postgres' })
  const noName = await open(t, { host: 'no.such.host.invalid' })
  proxy.refuses = true
  const hangsUp = await open(t, { url: proxyUrl })
  for (const driver of [noPort, noName, hangsUp]) {
    const session = await driver.begin(WRITING)
    const [a, b] = await Promise.allSettled([one(session, 'select 1'), one(session, 'select 2')])
    t.is(a.status === 'rejected' && a.reason.code, 'DATABASE_UNAVAILABLE')
    t.is(b.status === 'rejected' && b.reason.code, 'DATABASE_UNAVAILABLE')
    t.true(session.isLost)
    t.is(await codeOf(t, session.commit()), 'DATABASE_UNAVAILABLE', 'and nothing is in doubt')
  }
  proxy.refuses = false
  t.deepEqual(await committed(hangsUp, (session) => one(session, 'select 1 as back')), { back: 1 })
})

test('a server that says nothing at all is given up', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  proxy.swallowsAnswers = true
  const driver = await open(t, { url: proxyUrl }, { busyTimeoutMs: 100 })
  const session = await driver.begin(WRITING)
  t.is(await codeOf(t, one(session, 'select 1')), 'DATABASE_UNAVAILABLE')
  await session.rollback()
})

test('a package that is not installed is named', async (t) => {
  const absent = Object.assign(new Error("Cannot find package 'postgres'"), { code: 'ERR_MODULE_NOT_FOUND' })
  const error = await failure(
    t,
    loadPackage(() => Promise.reject(absent)),
  )
  t.is(error.code, 'DATABASE_CANNOT_OPEN')
  t.regex(error.message, /npm install postgres/)
  t.is(error.cause, absent)
  t.is(
    await codeOf(
      t,
      loadPackage(() => Promise.reject(new Error('broken'))),
    ),
    'DATABASE_CANNOT_OPEN',
  )
})

// ── What no test can provoke at will ───────────────────────────────────────────────────────────────────────────────

const said = (code: string, severity = 'ERROR') => Object.assign(new Error('said'), { code, severity })
const went = (code: string) => Object.assign(new Error('went'), { code })
const calm = { wasOpen: true, isInterrupted: false }

const rest: readonly [error: unknown, circumstances: typeof calm, code: string][] = [
  [said('53300', 'FATAL'), { ...calm, wasOpen: false }, 'DATABASE_UNAVAILABLE'],
  [said('57P03', 'FATAL'), { ...calm, wasOpen: false }, 'DATABASE_UNAVAILABLE'],
  [said('08006', 'FATAL'), calm, 'DATABASE_UNAVAILABLE'],
  [said('28P01', 'FATAL'), { ...calm, wasOpen: false }, 'DATABASE_CANNOT_OPEN'],
  [said('57P01', 'FATAL'), calm, 'DATABASE_CONNECTION_LOST'],
  [said('57P02', 'FATAL'), calm, 'DATABASE_CONNECTION_LOST'],
  [said('57014'), calm, 'DATABASE_STATEMENT_TIMEOUT'],
  [said('57014'), { ...calm, isInterrupted: true }, 'DATABASE_INTERRUPTED'],
  [said('08P01'), calm, 'DATABASE_STATEMENT'],
  [said('ZZ123'), calm, 'DATABASE_ERROR'],
  [went('ECONNRESET'), calm, 'DATABASE_CONNECTION_LOST'],
  [went('ECONNREFUSED'), { ...calm, wasOpen: false }, 'DATABASE_UNAVAILABLE'],
  [went('CONNECTION_CLOSED'), { ...calm, isInterrupted: true }, 'DATABASE_INTERRUPTED'],
  ['anything', calm, 'DATABASE_CONNECTION_LOST'],
]

for (const [error, circumstances, code] of rest) {
  test(`${JSON.stringify(error)} with ${JSON.stringify(circumstances)} is ${code}`, (t) => {
    const made = toDatabaseError(error, circumstances)
    t.is(made.code as string, code)
    t.is(made.cause, error)
    t.is(toDatabaseError(made, circumstances), made, 'what is ours already stays as it is')
  })
}

test('only an error after which the server lives on is its word that COMMIT did nothing', (t) => {
  const definite = toCommitError(said('40001'), calm)
  t.true(definite instanceof DatabaseError)
  t.is(definite.code, 'DATABASE_SERIALIZATION')
  for (const error of [
    said('57P01', 'FATAL'),
    said('53100', 'PANIC'),
    went('ECONNRESET'),
    went('CONNECTION_CLOSED'),
  ]) {
    t.true(toCommitError(error, calm).isInDoubt)
    t.true(toCommitError(error, { ...calm, isInterrupted: true }).isInDoubt)
  }
})
