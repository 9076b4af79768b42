/** Law: a `?` is a parameter exactly where PostgreSQL would read it as one, and nothing else of a statement is changed. */
import test from 'ava'
import fc from 'fast-check'
import { translate } from '../../../../actors/transaction/postgres/placeholders.ts'
import { all, committed, withDatabase } from './support.ts'

const cases: readonly [sql: string, text: string, parameters: number][] = [
  ['select ?', 'select $1', 1],
  ['select ?, ?', 'select $1, $2', 2],
  ['select a where b=?and c=?', 'select a where b=$1and c=$2', 2],
  ["select '?', ?", "select '?', $1", 1],
  ["select 'it''s ?', ?", "select 'it''s ?', $1", 1],
  ["select 'back\\', ?", "select 'back\\', $1", 1],
  ["select e'it\\'s ?', ?", "select e'it\\'s ?', $1", 1],
  ["select E'two''?\\\\', ?", "select E'two''?\\\\', $1", 1],
  ["select name'?\\', ?", "select name'?\\', $1", 1],
  ["select U&'?\\', ?", "select U&'?\\', $1", 1],
  ['select "a""?", ?', 'select "a""?", $1', 1],
  ['select 1 -- ?\n, ?', 'select 1 -- ?\n, $1', 1],
  ['select 1 /* ? /* ? */ ? */, ?', 'select 1 /* ? /* ? */ ? */, $1', 1],
  ['select $$ ? $$, ?', 'select $$ ? $$, $1', 1],
  ['select $a$ ? $$ ? $b$ $a$, ?', 'select $a$ ? $$ ? $b$ $a$, $1', 1],
  ['select a$b$?, c$b$', 'select a$b$$1, c$b$', 1],
  ["select '{}'::jsonb ?? ?", "select '{}'::jsonb ? $1", 1],
  ["select '{}'::jsonb ??| ?", "select '{}'::jsonb ?| $1", 1],
  ['select $1, $2', 'select $1, $2', 2],
  ['select $2 where a ? $1', 'select $2 where a ? $1', 2],
  ["select '$1', ?", "select '$1', $1", 1],
  ['select - ?', 'select - $1', 1],
  ['select ? / ?', 'select $1 / $2', 2],
  ["select 'open ?", "select 'open ?", 0],
  ["select e'open ?\\", "select e'open ?\\", 0],
  ['select $a$ ?', 'select $a$ ?', 0],
  ['select /* ?', 'select /* ?', 0],
  ['', '', 0],
  ['$', '$', 0],
]

for (const [sql, text, parameters] of cases) {
  test(`${JSON.stringify(sql)} takes ${parameters}`, (t) => {
    const translated = translate(sql)
    t.is(translated.text, text)
    t.is(translated.parameters, parameters)
  })
}

const verbs: readonly [sql: string, verb: string][] = [
  ['select 1', 'select'],
  [' \n\tSELECT 1', 'select'],
  ['-- a\n/* b */ Commit', 'commit'],
  [';; commit', 'commit'],
  ['(select 1)', ''],
  ['?', ''],
  ["'commit'", ''],
  ['"commit"', ''],
  ['', ''],
]

for (const [sql, verb] of verbs)
  test(`the verb of ${JSON.stringify(sql)} is "${verb}"`, (t) => t.is(translate(sql).verb, verb))

/** Pieces of a statement, and what becomes of each; `?` is a parameter in none of them. */
const quiet = fc.string({ unit: fc.constantFrom('?', 'a', "''", '$', '-', '/', '*', '\n', '\\', '1', 'é') })
const pieces = fc.oneof(
  fc.constant('?'),
  fc.constant('??'),
  quiet.map((text) => `'${text}'`),
  quiet.map((text) => `"${text}"`),
  quiet.map((text) => `$q$${text}$q$`),
  quiet.map((text) => `E'${text.replaceAll('\\', "\\'")}'`),
  quiet.map((text) => `--${text.replaceAll('\n', '')}\n`),
  quiet.map((text) => `/*${text.replaceAll('*', '')}/**/*/`.replaceAll('//', '/ /')),
  fc.constantFrom('select', 'e', 'E', 'a$b', '_x', '(', ')', ',', '-', '*', '::', '1.5', 'é'),
)

test('pieces that are put together are translated each for itself', (t) => {
  fc.assert(
    fc.property(fc.array(pieces), (list) => {
      let marks = 0
      const expected = list.map((piece) => (piece === '?' ? `$${++marks}` : piece === '??' ? '?' : piece))
      t.deepEqual(
        { ...translate(list.join(' ')), verb: '' },
        { text: expected.join(' '), parameters: marks, verb: '' },
      )
    }),
  )
})

test('any text at all is translated, and one without a question mark is left alone', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("'", '"', '$', '-', '/', '*', '\\', 'e', ' ', '\n', '1') }),
      (sql) => {
        t.is(translate(sql).text, sql)
      },
    ),
  )
})

test(
  'PostgreSQL reads texts, names and comments as it is done here',
  withDatabase(async (t, driver) => {
    const literal = fc.oneof(
      quiet.map((text) => `'${text}'`),
      quiet.map((text) => `$q$${text}$q$`),
      quiet.map((text) => `E'${text.replaceAll('\\', "\\'")}'`),
      quiet
        .map((text) => `/*${text.replaceAll('*', '')}/**/*/`.replaceAll('//', '/ /'))
        .map((text) => `${text} 'x'`),
      fc.constant('?'),
    )
    await committed(driver, (session) =>
      fc.assert(
        fc.asyncProperty(fc.array(literal, { minLength: 1, maxLength: 5 }), async (list) => {
          const marks = list.filter((piece) => piece === '?').length
          const sql = `select ${list.map((piece, index) => `${piece}::text as c${index}`).join(', ')}`
          const values = Array.from({ length: marks }, (_, index) => `value ${index}?`)
          const [row] = (await all(session, sql, ...values)) as Record<string, string>[]
          const found = list.flatMap((piece, index) => (piece === '?' ? [row?.[`c${index}`]] : []))
          t.deepEqual(found, values)
        }),
        { numRuns: 50 },
      ),
    )
  }),
)
