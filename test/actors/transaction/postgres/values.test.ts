/** Law: what goes to PostgreSQL comes back as it was, or is refused before it is sent. */
import test from 'ava'
import fc from 'fast-check'
import { codeOf, committed, failure, one, run, withDatabase } from './support.ts'

const kinds: readonly [type: string, value: unknown][] = [
  ['text', 'a ? b'],
  ['text', ''],
  ['text', '\u{1f600} \\ \' "'],
  ['text', null],
  ['int4', -2_147_483_648],
  ['float8', 0.1],
  ['float8', Number.NaN],
  ['float8', Number.NEGATIVE_INFINITY],
  ['float4', 1.5],
  ['int8', 9_007_199_254_740_991],
  ['int8', 9_007_199_254_740_993n],
  ['int8', -9_223_372_036_854_775_808n],
  ['numeric', 12],
  ['numeric', 123_456_789_012_345_678_901_234_567_890n],
  ['numeric', '1234567890.12345678901234567890'],
  ['numeric(10, 2)', '2.00'],
  ['numeric', 'NaN'],
  ['boolean', true],
  ['boolean', false],
  ['bytea', new Uint8Array([0, 1, 127, 128, 255])],
  ['bytea', new Uint8Array()],
  ['timestamptz', new Date('2024-02-29T12:34:56.789Z')],
  ['timestamptz', new Date('1900-01-01T00:00:00.000Z')],
  ['timestamp', new Date('2024-02-29T12:34:56.789Z')],
  ['timestamptz', new Date('0001-01-01T00:00:00.037Z')],
  ['timestamptz', 'infinity'],
  ['timestamp', '0044-03-15 00:00:00 BC'],
  ['date', new Date('2024-02-29T00:00:00.000Z')],
  ['uuid', '6ecd8c99-4036-403d-bf84-cf8400f67836'],
  ['interval', '01:02:03'],
  ['int4[]', '{1,2,NULL}'],
]

test(
  'a value of each kind comes back as it was',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      for (const [type, value] of kinds) {
        const { back } = await one(session, `select ?::${type} as back`, value)
        t.deepEqual(back, value, `${type} ${String(value)}`)
      }
      t.deepEqual(
        await one(session, 'select ?::json as json, ?::jsonb as jsonb', '{"a": [1, null]}', '"text"'),
        { json: { a: [1, null] }, jsonb: 'text' },
      )
    })
  }),
)

test(
  'any bytes, texts and instants come back as they were',
  withDatabase(async (t, driver) => {
    const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    const instants = fc.date({
      min: new Date('0001-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    })
    await committed(driver, (session) =>
      fc.assert(
        fc.asyncProperty(
          texts,
          fc.uint8Array(),
          instants,
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          async (text, bytes, at, big) => {
            const row = await one(
              session,
              'select ?::text as text, ?::bytea as bytes, ?::timestamptz as at, ?::timestamp as local, ?::int8 as big',
              text,
              bytes,
              at,
              at,
              big,
            )
            t.deepEqual({ ...row, big: BigInt(row.big as number) }, { text, bytes, at, local: at, big })
          },
        ),
        { numRuns: 50 },
      ),
    )
  }),
)

test(
  'an instant is the same in every zone that the server may be in',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      const at = new Date('1890-06-01T12:00:00.123Z')
      for (const zone of ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Europe/Amsterdam']) {
        await run(session, `set local timezone to '${zone}'`)
        t.deepEqual(await one(session, 'select ?::timestamptz as back', at), { back: at }, zone)
      }
      t.deepEqual(await one(session, "select '12345-06-07 00:00:00+00'::timestamptz as far"), {
        far: new Date('+012345-06-07T00:00:00Z'),
      })
    })
  }),
)

test(
  'bytes come in memory of their own, and leave from a part of some',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
      const { back } = (await one(session, 'select ?::bytea as back', part)) as { back: Uint8Array }
      t.deepEqual(back, new Uint8Array([2, 3]))
      t.is(back.buffer.byteLength, 2)
    })
  }),
)

test(
  'one statement takes parameters of several kinds, and counts come as numbers',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      await run(session, 'create table a (n int8, x numeric, b boolean)')
      for (const n of [1, 2n, '3']) await run(session, 'insert into a values (?, ?, ?)', n, n, n === 1)
      t.deepEqual(
        await one(session, 'select count(*) as c, sum(n) as n, sum(x) as x, bool_or(b) as b from a'),
        {
          c: 3,
          n: 6,
          x: 6,
          b: true,
        },
      )
    })
  }),
)

test(
  'what no database has a type for is refused before it is sent, as is a wrong number of parameters',
  withDatabase(async (t, driver) => {
    await committed(driver, async (session) => {
      for (const value of [
        undefined,
        {},
        [],
        Symbol('s'),
        () => 1,
        new Date(Number.NaN),
        Object.create(null),
      ]) {
        t.is(await codeOf(t, one(session, 'select ?', value)), 'DATABASE_STATEMENT')
      }
      t.regex(
        (await failure(t, one(session, 'select ?, ?', 1, undefined))).message,
        /parameter 2 is undefined/,
      )
      t.regex(
        (await failure(t, one(session, 'select ?, ?', 1))).message,
        /takes 2 parameters, and 1 were given/,
      )
      t.is(await codeOf(t, one(session, 'select $2::int', 1)), 'DATABASE_STATEMENT')
      t.is(await codeOf(t, one(session, 'select 1', 1)), 'DATABASE_STATEMENT')
      t.is(await codeOf(t, one(session, 'select \0')), 'DATABASE_STATEMENT')
      const many = Array.from({ length: 65_534 }, () => 1)
      t.is(
        await codeOf(t, one(session, `select ${many.map(() => '?').join()}`, ...many)),
        'DATABASE_STATEMENT',
      )
      t.deepEqual(await one(session, 'select 1 as fine'), { fine: 1 }, 'the transaction goes on')
    })
  }),
)
