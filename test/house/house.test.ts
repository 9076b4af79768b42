/**
 * Law: this tree keeps the rules of the house, and a tree that breaks one of them is refused, with the file, the line
 * and the remedy.
 */

import test from 'ava'
import { findCycles } from './cycles.ts'
import { checkHouse } from './house.ts'
import { makeTree, projectRoot } from './tree.ts'

test('this tree keeps the rules of the house', (t) => {
  const { files, violations } = checkHouse(projectRoot)
  t.true(files > 0)
  t.deepEqual(violations, [])
})

/** A small house in which everything is in order. */
const sound: Readonly<Record<string, string>> = {
  'runtime/index.ts':
    "export { Clock } from './time/clock.ts'\n\nexport type { Key } from './context/key.ts'\n",
  'runtime/errors.ts': '/** Errors. */\nexport class Failure extends Error {}\n',
  'runtime/time/clock.ts': "/** Clock. */\nimport '../errors.ts'\nexport class Clock { now = Date.now() }\n",
  'runtime/context/key.ts':
    "// Key.\nimport type { Clock } from '../time/clock.ts'\nexport type Key = Clock\n",
  'runtime/testing/index.ts': "export * from './fence.ts'\n",
  'runtime/testing/fence.ts': "// Fence.\nimport '../context/key.ts'\n",
  'actors/index.ts': "export { setup } from './http/server.ts'\n",
  'actors/http/server.ts':
    "// Server.\nimport '../../runtime/time/clock.ts'\nexport { setup } from 'xstate'\n",
  'examples/main.ts': "// Entry.\nimport 'greenroom'\nimport 'greenroom/actors'\nnew Date()\n",
  'test/web.test.ts':
    "// Law.\nimport '../runtime/testing/index.ts'\nimport 'node:net'\nsetTimeout(() => {}, 0)\n",
}

const broken: readonly [title: string, file: string, text: string, line: number, what: RegExp][] = [
  [
    'an upward import in runtime',
    'runtime/time/wheel.ts',
    "// Wheel.\nimport type { Key } from '../context/key.ts'\n",
    2,
    /^imports upwards: runtime\/time\/ may not know runtime\/context\/$/,
  ],
  [
    'runtime that imports actors',
    'runtime/context/http.ts',
    "// Http.\n\nexport * from '../../actors/http/server.ts'\n",
    3,
    /^imports upwards: runtime\/context\/ may not know actors\/$/,
  ],
  [
    'actors that import an example, lazily',
    'actors/http/demo.ts',
    "// Demo.\nawait import('../../examples/main.ts')\n",
    2,
    /^imports upwards: actors\/ may not know examples\/$/,
  ],
  [
    'a leaf that imports',
    'runtime/errors.ts',
    "// Errors.\nimport './time/clock.ts'\n",
    2,
    /^imports upwards: runtime\/errors.ts may not know runtime\/time\/$/,
  ],
  [
    'test tools in a server',
    'actors/http/slow.ts',
    "// Slow.\nimport '../../runtime/testing/fence.ts'\n",
    2,
    /^imports runtime\/testing\/, which is closed to it$/,
  ],
  [
    'test tools in an example, by name',
    'examples/main.ts',
    "// Entry.\nimport 'greenroom/testing'\n",
    2,
    /^imports runtime\/testing\//,
  ],
  [
    'a barrel where a file belongs',
    'actors/http/lazy.ts',
    "// Lazy.\nimport 'greenroom'\n",
    2,
    /^imports the index runtime\/index.ts$/,
  ],
  [
    'a specifier without its extension',
    'runtime/time/wheel.ts',
    "// Wheel.\nimport './clock'\n",
    2,
    /^imports "\.\/clock", which is no file$/,
  ],
  [
    'the date outside of time',
    'runtime/context/log.ts',
    '// Log.\nconst at = Date.now()\n',
    2,
    /^uses Date$/,
  ],
  ['a timer of its own', 'actors/http/idle.ts', '// Idle.\n\nsetTimeout(close, 5)\n', 3, /^uses setTimeout$/],
  ['a timer by import', 'examples/web/app.ts', "// App.\nimport 'node:timers'\n", 2, /^imports node:timers$/],
  [
    'chance outside of its source',
    'runtime/system/id.ts',
    '// Id.\nMath.random()\n',
    2,
    /^uses Math\.random$/,
  ],
  [
    'a socket outside of the poller',
    'actors/http/tcp.ts',
    "// Tcp.\nimport 'node:net'\n",
    2,
    /^imports node:net$/,
  ],
  ['xstate below system', 'runtime/mailbox/box.ts', "// Box.\nimport 'xstate'\n", 2, /^imports xstate$/],
  [
    'comlink outside of worker',
    'runtime/system/far.ts',
    "// Far.\nimport 'comlink'\n",
    2,
    /^imports comlink$/,
  ],
  [
    'an index with code',
    'runtime/testing/index.ts',
    '\nexport const a = 1\n',
    2,
    /^an index only re-exports$/,
  ],
  [
    'a file without its purpose',
    'actors/http/mute.ts',
    'export const a = 1\n',
    1,
    /^does not say what it is for$/,
  ],
  [
    'a name of another style',
    'actors/http/webServer.ts',
    '// Server.\n',
    1,
    /"webServer\.ts" is not kebab-case$/,
  ],
  ['a folder with no layer', 'runtime/misc/a.ts', '// A.\n', 1, /^has no place in the order of layers$/],
  [
    'a file of 401 lines',
    'actors/http/big.ts',
    `// Big.\n${'a()\n'.repeat(400)}`,
    401,
    /^has 401 lines, of 400/,
  ],
]

test('a tree in order has no violations', (t) => {
  t.deepEqual(checkHouse(makeTree(t, sound)), { files: Object.keys(sound).length, violations: [] })
})

for (const [title, file, text, line, what] of broken) {
  test(`refuses ${title}`, (t) => {
    const { violations } = checkHouse(makeTree(t, { ...sound, [file]: text }))
    const found = violations.find((violation) => violation.file === file && what.test(violation.what))
    t.is(found?.line, line, JSON.stringify(violations, null, 2))
    t.regex(found?.remedy ?? '', /\w+ \w+/)
  })
}

test('refuses a circle of imports, of types too, and shows the way around it', (t) => {
  const { violations } = checkHouse(
    makeTree(t, {
      ...sound,
      'runtime/time/a.ts': "// A.\nimport './b.ts'\n",
      'runtime/time/b.ts': "// B.\nimport type { C } from './c.ts'\n",
      'runtime/time/c.ts': "// C.\nexport { A } from './a.ts'\n",
    }),
  )
  t.deepEqual(
    violations.map(({ file, line, what }) => `${file}:${line} ${what}`),
    [
      'runtime/time/a.ts:2 imports itself: runtime/time/a.ts -> runtime/time/b.ts -> runtime/time/c.ts -> runtime/time/a.ts',
    ],
  )
})

test('finds one shortest cycle for each group of files that reach each other', (t) => {
  const edges = { a: ['b', 'c'], b: ['c'], c: ['a', 'd'], d: ['e'], e: [], f: ['f'], g: ['a', 'nowhere'] }
  t.deepEqual(findCycles(new Map(Object.entries(edges))), [['a', 'c'], ['f']])
})
