/** Law: a plan is plain data with all that a thread needs, or is refused with the option's name. */
import test from 'ava'
import { type PostgresOptions, postgres } from '../../../../actors/transaction/postgres/options.ts'
import { UsageError } from '../../../../runtime/errors.ts'

test('a plan is plain data, and names the module that opens it', async (t) => {
  const options: PostgresOptions = {
    url: 'postgresql://user:secret@host:1/database?sslmode=require',
    host: '/var/run/postgresql',
    port: 5432,
    database: 'd',
    username: 'u',
    password: 'p',
    ssl: { ca: 'PEM' },
    sessions: 200,
    applicationName: 'a',
    idleInTransactionMs: 1,
  }
  const plan = postgres(options)
  t.deepEqual(structuredClone(plan), plan)
  t.deepEqual(plan.options, options)
  t.like(plan, { dialect: 'postgres', writers: 1, readers: 0, sessions: 200, commitsGroups: false })
  t.is(typeof (await import(plan.module)).openDriver, 'function')
  t.is(postgres().sessions, 10)
})

const wrong: readonly [options: object, message: RegExp][] = [
  [{ sessions: 0 }, /option sessions of postgres is a whole number from 1 to 200, not 0/],
  [{ sessions: 201 }, /not 201/],
  [{ sessions: 1.5 }, /not 1\.5/],
  [{ sessions: '10' }, /not 10/],
  [{ port: 65_536 }, /option port of postgres is a whole number from 1 to 65535, not 65536/],
  [{ url: 'mysql://secret@host' }, /option url of postgres is postgres:\/\/(?!.*secret)/],
  [{ url: 'postgres://a,b/d' }, /with one host/],
  [{ url: 5 }, /option url/],
  [{ host: 5 }, /option host of postgres is a text, not number/],
  [{ password: () => 'p' }, /option password of postgres is a text, not function/],
  [{ database: 'a\0b' }, /option database/],
  [
    { ssl: 'verify-ca' },
    /option ssl of postgres is require, prefer, verify-full, true, false or an object, not verify-ca/,
  ],
  [{ idleInTransactionMs: 0 }, /option idleInTransactionMs/],
  [{ max: 5 }, /no option of postgres is named "max"; there are url, host/],
]

for (const [options, message] of wrong) {
  test(`${JSON.stringify(options)} is refused`, (t) => {
    const error = t.throws(() => postgres(options), { instanceOf: UsageError, message })
    t.is(error.code, 'TRANSACTION_OPTION_INVALID')
  })
}
