/** Law: the reader sees every import and every use of a global that the code has, and none that it only mentions. */

import test from 'ava'
import { globalUses } from './globals.ts'
import { readSource } from './source.ts'

const importing: readonly [title: string, text: string, found: readonly string[]][] = [
  ['a name', "import test from 'ava'", ['ava:1']],
  ['names over lines', "import {\n  a,\n  type B,\n} from './a.ts'", ['./a.ts:4']],
  ['types', "import type { A } from './a.ts'\nimport type * as b from './b.ts'", ['./a.ts:1', './b.ts:2']],
  ['a namespace beside a default', 'import a, * as b from "./a.ts"', ['./a.ts:1']],
  ['an effect', "import './a.ts'; import './b.ts'", ['./a.ts:1', './b.ts:1']],
  ['re-exports', "export * from './a.ts'\nexport { b as c } from './b.ts'", ['./a.ts:1', './b.ts:2']],
  [
    're-exported types',
    "export type { A } from './a.ts'\nexport * as b from './b.ts'",
    ['./a.ts:1', './b.ts:2'],
  ],
  ['a dynamic import', "const a = await import('./a.ts')", ['./a.ts:1']],
  [
    'the type of a module',
    "let a: typeof import('./a.ts')\nlet b: import('./b.ts').B",
    ['./a.ts:1', './b.ts:2'],
  ],
  ['attributes', "import a from './a.json' with { type: 'json' }", ['./a.json:1']],
  ['code inside a template', '`a ${await import("./a.ts")} b ${`${1}`} c`', ['./a.ts:1']],
  ['what follows a regular expression', "const a = /['`]/.test(b) // '\nimport './a.ts'", ['./a.ts:2']],
  ['what follows a division', "const a = b / c / d\nconst e = (f) / 2\nimport './a.ts'", ['./a.ts:3']],
  ['what follows a comment between', "import a /* b */ from // c\n './a.ts'", ['./a.ts:2']],
  ['not: comments', "// import './a.ts'\n/* import './b.ts' */", []],
  ['not: strings and templates', '"import \'./a.ts\'"; `import "./b.ts" ${"import \'./c.ts\'"}`', []],
  ['not: a string behind an export', "export const from = 'a'\nconst a = { from: 'b' }", []],
  ['not: words that end so', "reimport './a.ts'; a.import('./b.ts')", []],
]

for (const [title, text, found] of importing) {
  test(`finds imports: ${title}`, (t) => {
    t.deepEqual(
      readSource(text).imports.map(({ specifier, line }) => `${specifier}:${line}`),
      found,
    )
  })
}

test('keeps every offset and every line', (t) => {
  const text = 'a // b\n/* c\n d */ e `f ${g} h` "i"; /j/ k'
  const { code } = readSource(text)
  t.is(code, 'a     \n    \n      e `   {g}  ` " ";     k')
  t.is(code.length, text.length)
})

test('reads an unfinished file to its end', (t) => {
  for (const text of ["'", '`', '`${', '/*', '//', 'a = /', "import './a", '`${`${']) {
    t.is(readSource(text).code.length, text.length)
  }
})

const using: readonly [title: string, text: string, found: boolean][] = [
  ['a call', 'const a = Date.now()', true],
  ['a construction', 'return new Date()', true],
  ['a reference', 'run({ now: Date.now })', true],
  ['a type', 'let a: Date', true],
  ['a member of globalThis', 'globalThis.Date.now()', true],
  ['a choice', 'a ? Date : b', true],
  ['a shorthand', 'const a = { Date }', true],
  ['a call with a block behind it', 'if (Date()) {}', true],
  ['not: a longer word', 'toDate(); DateLike; $Date', false],
  ['not: a member', 'headers.Date = this.#Date', false],
  ['not: a key', 'const a = { Date: b, c, Date: d }', false],
  ['not: a member of a type', 'interface A {\n  Date?: string\n  readonly Date: string\n}', false],
  ['not: a method', 'class A {\n  async Date(a = b()): C {\n  }\n}', false],
  ['not: a method of a literal', 'const a = { b, Date() {} }', false],
  ['not: a comment or a string', '// Date\n"Date"', false],
]

for (const [title, text, found] of using) {
  test(`finds uses of a global: ${title}`, (t) => {
    t.is([...globalUses(readSource(text).code, ['Date'])].length > 0, found)
  })
}
