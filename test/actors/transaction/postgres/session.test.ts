/** Law: a transaction on PostgreSQL is there as a whole or not at all, and waits for the server only where it has to. */
import test from 'ava'
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
  READING,
  run,
  WRITING,
  withDatabase,
} from './support.ts'

test(
  'what is committed is there, and what is rolled back is not',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      await driver.script(session, 'create table a (id int primary key); create table b (id int)')
      t.is(await run(session, 'insert into a values (?), (?)', 1, 2), 2)
    })
    const session = await driver.begin(WRITING)
    t.is(await run(session, 'delete from a'), 2)
    await session.rollback()
    await committed(driver, async (session) => {
      t.deepEqual(await all(session, 'select id from a order by id'), [{ id: 1 }, { id: 2 }])
    })
  }),
)

test(
  'each kind of step gives what it is for',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      await run(session, 'create table a (id int)')
      t.is(await run(session, 'insert into a select generate_series(1, 3)'), 3)
      t.is(await run(session, 'select id from a'), 0, 'a statement that only reads has changed nothing')
      t.is(await run(session, 'update a set id = id + 10 where id > ? returning id', 1), 2)
      t.deepEqual(await one(session, 'select id from a order by id'), { id: 1 })
      t.deepEqual(await first(session, 'select id from a where id = ?', 11), undefined)
      t.deepEqual(await first(session, 'select id from a where id = ?', 12), { id: 12 })
      t.is(await codeOf(t, one(session, 'select id from a where id = ?', 2)), 'DATABASE_NO_ROW')
      t.is((await all(session, 'select id from a')).length, 3, 'and the transaction goes on')
    })
  }),
)

test('BEGIN and the first statement are one round trip, as are all steps of a pipeline, and savepoints cost none', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  const driver = await open(t, { url: proxyUrl })
  const counted = async (work: () => Promise<unknown>) => {
    const before = proxy.roundTrips
    await work()
    return proxy.roundTrips - before
  }
  const transaction = () =>
    committed(driver, async (session) => {
      await one(session, 'select 1 as one')
      await Promise.all([1, 2, 3].map((n) => run(session, 'insert into a values (?)', n)))
      await session.savepoint('s')
      await run(session, 'insert into a values (?)', 4)
      await session.release('s')
    })
  await committed(driver, (session) => run(session, 'create table a (id int)'))
  await counted(transaction)
  t.is(await counted(transaction), 4, 'the first, the pipeline, the one in the savepoint, COMMIT')
  t.is(proxy.accepted, 1)
})

test(
  'a savepoint that is rolled back takes with it what was done since, a failure included',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      await run(session, 'create table a (id int primary key)')
      await run(session, 'insert into a values (1)')
      await session.savepoint('greenroom_1')
      await run(session, 'insert into a values (2)')
      await session.savepoint('greenroom_2')
      t.is(await codeOf(t, run(session, 'insert into a values (1)')), 'DATABASE_CONSTRAINT')
      await session.rollbackTo('greenroom_2')
      t.is((await all(session, 'select * from a')).length, 2)
      await session.rollbackTo('greenroom_1')
      await session.savepoint('with "quotes"')
      await run(session, 'insert into a values (3)')
      await session.release('with "quotes"')
    })
    await committed(driver, async (session) => {
      t.deepEqual(await all(session, 'select * from a order by id'), [{ id: 1 }, { id: 3 }])
    })
  }),
)

test(
  'COMMIT of a transaction that has failed is a failure, with the first one as its cause',
  withDatabase(async (t, driver) => {
    const session = await driver.begin(WRITING)
    await run(session, 'create table a (id int primary key)')
    await run(session, 'insert into a values (1)')
    const results = await Promise.allSettled([
      run(session, 'insert into a values (1)'),
      run(session, 'insert into a values (2)'),
    ])
    const reasons = results.map((result) => result.status === 'rejected' && result.reason)
    t.is(reasons[0].code, 'DATABASE_CONSTRAINT')
    t.is(reasons[1], reasons[0], 'what was sent behind it failed for the same reason')
    const error = await failure(t, session.commit())
    t.is(error.code, 'DATABASE_CONSTRAINT')
    t.is(error.cause, reasons[0])
    t.is(
      await codeOf(
        t,
        committed(driver, (session) => all(session, 'select * from a')),
      ),
      'DATABASE_STATEMENT',
    )
  }),
)

test(
  'a failure that nobody waits for is no unhandled rejection',
  withDatabase(async (t, driver) => {
    const session = await driver.begin(WRITING)
    void session.execute({ kind: 'run', sql: 'nonsense', parameters: [] } as never)
    void session.rollbackTo('nowhere')
    void session.commit()
    await committed(driver, (session) => one(session, 'select 1'))
    t.pass()
  }),
)

test(
  'isolation and access are as they are asked for',
  withDatabase(async (t, driver) => {
    const seen = (options: typeof WRITING) =>
      committed(
        driver,
        (session) =>
          one(
            session,
            "select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as ro",
          ),
        options,
      )
    t.deepEqual(await seen(WRITING), { isolation: 'serializable', ro: 'off' })
    t.deepEqual(await seen(READING), { isolation: 'repeatable read', ro: 'on' })
    t.deepEqual(await seen({ access: 'write', isolation: 'read committed' }), {
      isolation: 'read committed',
      ro: 'off',
    })
    t.is(
      await codeOf(
        t,
        committed(driver, (session) => run(session, 'create table a (id int)'), READING),
      ),
      'DATABASE_READ_ONLY',
    )
  }),
)

test(
  'a connection carries one transaction after another, and as many are made as run at once',
  withDatabase(
    async (t, driver) => {
      const pid = async () =>
        (await committed(driver, (session) => one(session, 'select pg_backend_pid() as pid'))).pid
      t.is(await pid(), await pid())
      const sessions = await Promise.all([driver.begin(WRITING), driver.begin(WRITING)])
      const pids = await Promise.all(
        sessions.map((session) => one(session, 'select pg_backend_pid() as pid')),
      )
      t.not(pids[0]?.pid, pids[1]?.pid)
      const error = t.throws(() => driver.begin(WRITING), { message: /all 2 sessions are in use/ })
      t.is((error as { code?: string })?.code, 'DATABASE_UNAVAILABLE')
      for (const session of sessions) await session.rollback()
      t.true([pids[0]?.pid, pids[1]?.pid].includes(await pid()))
    },
    { sessions: 2 },
  ),
)

test(
  'the limits of statements, locks and idleness, and its name, are the connection’s',
  withDatabase(
    async (t, driver) => {
      const names = [
        'application_name',
        'statement_timeout',
        'lock_timeout',
        'idle_in_transaction_session_timeout',
      ]
      const seen = await committed(driver, (session) =>
        Promise.all(
          names.map(async (name) => (await one(session, 'select current_setting(?) as is', name)).is),
        ),
      )
      t.deepEqual(seen, ['a server', '1234ms', '2345ms', '3456ms'])
    },
    { applicationName: 'a server', idleInTransactionMs: 3_456 },
    { statementTimeoutMs: 1_234, busyTimeoutMs: 2_345 },
  ),
)

test(
  'a script runs several statements, and cannot end the transaction that it runs in',
  withDatabase(async (t, driver) => {
    const script = (sql: string) =>
      committed(driver, async (session) => {
        await driver.script(session, sql)
      })
    await script("create table a (t text); insert into a values ('? ; $1'); -- the end")
    t.is(await codeOf(t, script('create table b (id int); commit')), 'DATABASE_STATEMENT')
    t.is(await codeOf(t, script('commit; create table c (id int)')), 'DATABASE_READ_ONLY')
    t.is(await codeOf(t, script('insert into a values (1); nonsense')), 'DATABASE_STATEMENT')
    t.is(await codeOf(t, script('copy a from stdin')), 'DATABASE_STATEMENT')
    t.is(await codeOf(t, script('select 1 \0')), 'DATABASE_STATEMENT')
    await script('')
    await committed(driver, async (session) => {
      t.deepEqual(await all(session, 'select * from a'), [{ t: '? ; $1' }])
    })
  }),
)

test(
  'a script may take longer than a statement may',
  withDatabase(
    async (t, driver) => {
      await committed(driver, async (session) =>
        driver.script(session, 'select pg_sleep(0.2); select pg_sleep(0.2)'),
      )
      t.is(
        await codeOf(
          t,
          committed(driver, (session) => one(session, 'select pg_sleep(60)')),
        ),
        'DATABASE_STATEMENT_TIMEOUT',
      )
    },
    {},
    { statementTimeoutMs: 150 },
  ),
)

test(
  'a body may not end its transaction, nor speak COPY',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      const refused = [
        'commit',
        ' /* x */ COMMIT',
        '; rollback',
        '-- x\nabort',
        'begin',
        'prepare transaction ?',
        'copy a from stdin',
      ]
      for (const sql of refused) t.is(await codeOf(t, run(session, sql)), 'DATABASE_STATEMENT', sql)
      t.deepEqual(await one(session, 'select 1 as commit'), { commit: 1 }, 'nothing of that was sent')
    })
  }),
)
