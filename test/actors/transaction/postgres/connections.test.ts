/**
 * Law: a transaction whose connection breaks has not happened, unless COMMIT was sent: then nobody knows. The next one has a new
 * connection, and no statement is ever done outside of its transaction.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Driver, Session } from '../../../../actors/transaction/driver.ts'
import { DatabaseError } from '../../../../actors/transaction/errors.ts'
import type { PostgresOptions } from '../../../../actors/transaction/postgres/options.ts'
import { TcpProxy } from './proxy.ts'
import { type PrivateServer, postgresOrSkip, privateServerOrSkip } from './server.ts'
import {
  all,
  codeOf,
  committed,
  failure,
  one,
  open,
  READ_COMMITTED,
  READING,
  run,
  WRITING,
  withDatabase,
} from './support.ts'

async function pidOf(session: Session): Promise<number> {
  return (await one<{ pid: number }>(session, 'select pg_backend_pid() as pid')).pid
}

async function terminate(driver: Driver, pid: number): Promise<void> {
  await committed(driver, (session) => one(session, 'select pg_terminate_backend(?, 5000)', pid))
}

/** A table whose COMMIT takes as long as its rows say, in seconds. */
const SLOW_COMMIT = `
  create table slow (seconds float8);
  create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(new.seconds); return null; end $$;
  create constraint trigger wait after insert on slow deferrable initially deferred for each row execute function wait();
`

async function countOf(driver: Driver): Promise<number> {
  return (await committed(driver, (session) => one<{ n: number }>(session, 'select count(*) as n from slow')))
    .n
}

// One after another: while one asks over and over, the others would only take its time.

/** When the server is within a statement that contains `text`: asked of the server itself, over and over. */
async function untilRunning(driver: Driver, pid: number, text: string): Promise<void> {
  for (;;) {
    const isRunning = await committed(driver, (session) =>
      all(
        session,
        "select 1 from pg_stat_activity where pid = ? and state = 'active' and query ilike ?",
        pid,
        text,
      ),
    )
    if (isRunning.length > 0) return
  }
}

test.serial(
  'a connection that is ended between two statements loses the transaction, and none else',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SLOW_COMMIT))
    const session = await driver.begin(WRITING)
    await run(session, 'insert into slow values (0)')
    await terminate(driver, await pidOf(session))
    const results = await Promise.allSettled([
      run(session, 'insert into slow values (0)'),
      run(session, 'insert into slow values (0)'),
    ])
    for (const result of results) {
      t.is(result.status === 'rejected' && result.reason.code, 'DATABASE_CONNECTION_LOST')
    }
    t.true(session.isLost)
    t.is(
      await codeOf(t, session.commit()),
      'DATABASE_CONNECTION_LOST',
      'COMMIT was not sent: nothing is in doubt',
    )
    t.is(await countOf(driver), 0)
  }),
)

test.serial(
  'a connection that is ended within a statement loses the transaction',
  withDatabase(async (t, driver) => {
    const session = await driver.begin(WRITING)
    const pid = await pidOf(session)
    const sleeping = run(session, 'select pg_sleep(60)')
    await untilRunning(driver, pid, '%pg_sleep%')
    await terminate(driver, pid)
    const error = await failure(t, sleeping)
    t.is(error.code, 'DATABASE_CONNECTION_LOST')
    t.true(error.isTransient)
    await session.rollback()
  }),
)

test.serial(
  'a connection that is ended while nobody uses it is not used again',
  withDatabase(
    async (t, driver, url) => {
      const other = await open(t, { url })
      const pid = await committed(driver, pidOf)
      await terminate(other, pid)
      // It is either known to be gone by now, or found out by BEGIN: then it is worth doing again.
      const again = async (): Promise<number> => {
        try {
          return await committed(driver, pidOf)
        } catch (error) {
          t.is((error as { code?: string }).code, 'DATABASE_CONNECTION_LOST')
          return again()
        }
      }
      t.not(await again(), pid)
    },
    { sessions: 1 },
  ),
)

test.serial(
  'a connection that is ended during COMMIT leaves it in doubt',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SLOW_COMMIT))
    const session = await driver.begin(WRITING)
    const pid = await pidOf(session)
    await run(session, 'insert into slow values (60)')
    const commit = session.commit()
    await untilRunning(driver, pid, 'commit')
    await terminate(driver, pid)
    const error = await failure(t, commit)
    t.is(error.code, 'DATABASE_COMMIT_IN_DOUBT')
    t.true(error.isInDoubt)
    t.false(error.isTransient)
    t.is(await countOf(driver), 0)
  }),
)

test.serial('a COMMIT that was done, and whose answer is lost, is in doubt', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  const direct = await open(t, { url })
  const driver = await open(t, { url: proxyUrl })
  await committed(direct, async (session) => direct.script(session, SLOW_COMMIT))
  const session = await driver.begin(WRITING)
  await run(session, 'insert into slow values (0)')
  proxy.swallowsAnswers = true
  const commit = session.commit()
  while ((await countOf(direct)) === 0);
  proxy.cut()
  t.is(await codeOf(t, commit), 'DATABASE_COMMIT_IN_DOUBT')
  t.is(await countOf(direct), 1, 'it was committed')
  proxy.swallowsAnswers = false
  t.is(await countOf(driver), 1, 'and the driver goes on')
})

test.serial('what waits in the client when a connection breaks is not sent over a new one', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  const direct = await open(t, { url })
  const driver = await open(t, { url: proxyUrl })
  await committed(direct, async (session) => direct.script(session, SLOW_COMMIT))
  const session = await driver.begin(WRITING)
  const pid = await pidOf(session)
  // The first of a text with parameters makes the client hold back what comes after it.
  const held = [
    run(session, 'select pg_sleep(60)'),
    ...[1, 2, 3].map((n) => run(session, `insert into slow values (?) -- ${n}`, 0)),
  ]
  const settled = Promise.allSettled(held)
  await untilRunning(direct, pid, '%pg_sleep%')
  proxy.cut()
  for (const result of await settled) {
    t.is(result.status === 'rejected' && result.reason.code, 'DATABASE_CONNECTION_LOST')
  }
  t.is(proxy.accepted, 1)
  await session.rollback()
  t.is(await countOf(driver), 0)
  t.is(proxy.accepted, 2)
})

test.serial(
  'a statement that is interrupted ends soon, and its connection is not used again',
  withDatabase(
    async (t, driver, url) => {
      const other = await open(t, { url })
      const session = await driver.begin(WRITING)
      const pid = await pidOf(session)
      const sleeping = run(session, 'select pg_sleep(60)')
      await untilRunning(other, pid, '%pg_sleep%')
      session.interrupt()
      session.interrupt()
      t.is(await codeOf(t, sleeping), 'DATABASE_INTERRUPTED')
      t.is(await codeOf(t, run(session, 'select 1')), 'DATABASE_INTERRUPTED')
      await session.rollback()
      session.interrupt()
      t.not(await committed(driver, pidOf), pid)
    },
    { sessions: 1 },
  ),
)

test.serial(
  'a transaction that is interrupted between two statements does none any more, and is not committed',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SLOW_COMMIT))
    const session = await driver.begin(WRITING)
    await run(session, 'insert into slow values (0)')
    session.interrupt()
    t.is(await codeOf(t, session.commit()), 'DATABASE_INTERRUPTED')
    t.is(await countOf(driver), 0)
  }),
)

test.serial(
  'a COMMIT that is interrupted has failed for certain where the server says so',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => driver.script(session, SLOW_COMMIT))
    const session = await driver.begin(WRITING)
    const pid = await pidOf(session)
    await run(session, 'insert into slow values (60)')
    const commit = session.commit()
    await untilRunning(driver, pid, 'commit')
    session.interrupt()
    t.is(await codeOf(t, commit), 'DATABASE_INTERRUPTED')
    t.is(await countOf(driver), 0)
  }),
)

test.serial('a transaction that is interrupted while its server is silent ends all the same', async (t) => {
  const url = await postgresOrSkip(t)
  if (url === undefined) return
  const [proxy, proxyUrl] = await TcpProxy.open(t, url)
  const driver = await open(t, { url: proxyUrl })
  const session = await driver.begin(WRITING)
  await one(session, 'select 1')
  proxy.swallowsAnswers = true
  const asked = one(session, 'select 2')
  session.interrupt()
  t.is(await codeOf(t, asked), 'DATABASE_INTERRUPTED')
  await session.rollback()
  const unopened = await driver.begin(WRITING)
  const waiting = one(unopened, 'select 1')
  unopened.interrupt()
  t.is(await codeOf(t, waiting), 'DATABASE_INTERRUPTED')
  await unopened.rollback()
})

test.serial(
  'a ROLLBACK that is not answered is given up, and a driver is closed whatever its server does',
  async (t) => {
    const url = await postgresOrSkip(t)
    if (url === undefined) return
    const [proxy, proxyUrl] = await TcpProxy.open(t, url)
    const driver = await open(t, { url: proxyUrl })
    const sessions = [
      await driver.begin(WRITING),
      await driver.begin(WRITING),
      await driver.begin(WRITING),
    ] as const
    for (const session of sessions) await one(session, 'select 1')
    await sessions[1].rollback()
    proxy.swallowsAnswers = true
    await sessions[0].rollback()
    const asked = one(sessions[2], 'select 1')
    await driver.close()
    t.is(await codeOf(t, asked), 'DATABASE_CONNECTION_LOST')
    t.throws(() => driver.begin(WRITING), { message: /closed/ })
  },
)

test.serial('a server that is stopped and started is there again', async (t) => {
  const server = await privateServerOrSkip(t)
  if (server === undefined) return
  const driver = await open(t, { url: server.url })
  await committed(driver, async (session) => driver.script(session, 'create table a (id int)'))
  for (const mode of ['immediate', 'fast'] as const) {
    const session = await driver.begin(READ_COMMITTED)
    await run(session, 'insert into a values (1)')
    server.stop(mode)
    t.is(await codeOf(t, run(session, 'insert into a values (1)')), 'DATABASE_CONNECTION_LOST')
    await session.rollback()
    await untilDown(t, driver)
    server.start()
    t.deepEqual(await committed(driver, (session) => all(session, 'select * from a')), [])
  }
})

/** Idle connections are found to be gone one by one; then there is no server. */
async function untilDown(t: ExecutionContext, driver: Driver): Promise<void> {
  for (;;) {
    const code = await codeOf(
      t,
      committed(driver, (session) => one(session, 'select 1')),
    )
    if (code === 'DATABASE_UNAVAILABLE') return
    t.is(code, 'DATABASE_CONNECTION_LOST')
  }
}

test.serial('a server that has no connection left is unavailable, until it has', async (t) => {
  const server = await privateServerOrSkip(t, ['max_connections = 2', 'superuser_reserved_connections = 0'])
  if (server === undefined) return
  const driver = await open(t, { url: server.url })
  const sessions = [await driver.begin(WRITING), await driver.begin(WRITING)]
  for (const session of sessions) await one(session, 'select 1')
  const error = await failure(
    t,
    committed(driver, (session) => one(session, 'select 1')),
  )
  t.is(error.code, 'DATABASE_UNAVAILABLE')
  t.regex(error.message, /53300/)
  for (const session of sessions) await session.rollback()
  t.deepEqual(await committed(driver, (session) => one(session, 'select 1 as fine')), { fine: 1 })
})

test.serial('a standby is read, and what is sent behind a BEGIN that it refuses has failed', async (t) => {
  const server = await privateServerOrSkip(t)
  if (server === undefined) return
  const driver = await open(t, { url: server.url })
  await committed(driver, (session) => run(session, 'create table a (id int)'))
  server.stop('fast')
  writeFileSync(join(server.data, 'standby.signal'), '')
  server.start()
  await untilBack(driver)
  for (const options of [READ_COMMITTED, WRITING]) {
    const session = await driver.begin(options)
    t.is(
      await codeOf(t, all(session, 'select * from a')),
      'DATABASE_READ_ONLY',
      'the statement itself was fine',
    )
    t.is(await codeOf(t, session.commit()), 'DATABASE_READ_ONLY')
  }
  t.deepEqual(await committed(driver, (session) => all(session, 'select * from a'), READING), [])
})

/** Until no idle connection is left that leads to a server which is no more. */
async function untilBack(driver: Driver): Promise<void> {
  for (;;) {
    try {
      await committed(driver, (session) => one(session, 'select 1'), READING)
      return
    } catch (error) {
      if (!(error instanceof DatabaseError && error.isTransient)) throw error
    }
  }
}

test.serial(
  'a connection is encrypted where it is asked for, and the server may have to prove who it is',
  async (t) => {
    const server = await privateServerOrSkip(t)
    if (server === undefined) return
    const certificate = encrypt(server)
    const where = { host: 'localhost', port: server.port, username: 'postgres', database: 'postgres' }
    const isEncrypted = async (ssl: NonNullable<PostgresOptions['ssl']>) => {
      const driver = await open(t, { ...where, ssl })
      return committed(
        driver,
        async (session) =>
          (await one(session, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')).ssl,
      )
    }
    t.is(await isEncrypted(false), false)
    t.is(await isEncrypted('require'), true)
    t.is(await isEncrypted({ ca: certificate }), true)
    t.is(await codeOf(t, isEncrypted('verify-full')), 'DATABASE_UNAVAILABLE', 'nobody vouches for it')
    const driver = await open(t, { ...where, ssl: 'require' })
    const session = await driver.begin(WRITING)
    await one(session, 'select 1')
    const sleeping = run(session, 'select pg_sleep(60)')
    session.interrupt()
    t.is(await codeOf(t, sleeping), 'DATABASE_INTERRUPTED')
    await session.rollback()
  },
)

/** @returns the certificate that the server now has, for `localhost`. */
function encrypt({ data, stop, start }: PrivateServer): string {
  const [key, certificate] = [join(data, 'server.key'), join(data, 'server.crt')]
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const { uid, gid } = statSync(data)
  for (const file of [key, certificate]) chownSync(file, uid, gid)
  appendFileSync(join(data, 'postgresql.conf'), '\nssl = on')
  stop('fast')
  start()
  return readFileSync(certificate, 'utf8')
}
