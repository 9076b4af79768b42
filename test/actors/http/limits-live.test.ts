/** The tables of limits in the READMEs say what the code says. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { defaultConnectionLimits, defaultHttpLimits } from 'greenroom/actors'

const tables: readonly [folder: string, limits: object][] = [
  ['http', defaultHttpLimits],
  ['connection', defaultConnectionLimits],
]

for (const [folder, limits] of tables) {
  test(`the limits in actors/${folder}/README.md are those of limits.ts`, (t) => {
    const readme = readFileSync(new URL(`../../../actors/${folder}/README.md`, import.meta.url), 'utf8')
    const section = readme.slice(readme.indexOf('## Limits\n'))
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
    t.deepEqual(
      rows.map(([, name, value]) => [name, Number(value)]),
      Object.entries(limits),
    )
  })
}
