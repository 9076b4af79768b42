/** Law: `npm run check` is a gate. It lets a sound project pass, and fails on each kind of fault that it names. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { copyProject, makeTree } from './tree.ts'

const gate = [
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.gitignore',
  ...['check', 'house', 'rules', 'source', 'globals', 'cycles'].map((name) => `test/house/${name}.ts`),
]

const sound = {
  'runtime/index.ts': "export { now } from './time/clock.ts'\n",
  'runtime/time/clock.ts': '/** Now. */\nexport function now(): number {\n  return Date.now()\n}\n',
  'actors/index.ts': "export { later } from './http/later.ts'\n",
  'actors/http/later.ts':
    "/** Later. */\nimport { now } from '../../runtime/time/clock.ts'\n\nexport const later = (): number => now() + 1\n",
}

const faults: readonly [title: string, file: string, text: string, says: RegExp][] = [
  [
    'an upward import',
    'runtime/time/late.ts',
    "/** Late. */\nimport { later } from '../../actors/http/later.ts'\n\nexport const late = later()\n",
    /runtime\/time\/late\.ts:2 +imports upwards: runtime\/time\/ may not know actors\/\n +pass what is needed/,
  ],
  [
    'a type error',
    'runtime/time/late.ts',
    "/** Late. */\nexport const late: number = ''\n",
    /late\.ts.*TS2322/s,
  ],
  ['a lint error', 'runtime/time/late.ts', '/** Late. */\nexport let late = 1\n', /lint\/style\/useConst/],
  ['another format', 'runtime/time/late.ts', '/** Late. */\nexport const late = "";\n', /format/],
]

function check(project: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'check'], { cwd: project, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

test.serial('npm run check passes a sound project', (t) => {
  const project = makeTree(t, sound)
  copyProject(project, gate)
  const { status, output } = check(project)
  t.is(status, 0, output)
  t.regex(output, /house rules: 10 files, 0 violations/)
})

for (const [title, file, text, says] of faults) {
  test.serial(`npm run check fails on ${title}`, (t) => {
    const project = makeTree(t, sound)
    copyProject(project, gate)
    mkdirSync(dirname(join(project, file)), { recursive: true })
    writeFileSync(join(project, file), text)
    const { status, output } = check(project)
    t.is(status, 1, output)
    t.regex(output, says)
  })
}
