/** The tables of limits in the documents say what the code says. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { defaultConnectionLimits, defaultHttpLimits } from 'greenroom/actors'

const tables: readonly [document: string, limits: object][] = [
  ['docs/http.md', { ...defaultHttpLimits, ...defaultConnectionLimits }],
  ['actors/connection/README.md', defaultConnectionLimits],
]

for (const [document, limits] of tables) {
  test(`the limits in ${document} are those of the code, each with its default`, (t) => {
    const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8')
    const section = text.slice(text.indexOf('## Limits\n'))
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
    t.deepEqual(
      rows.map(([, name, value]) => [name, Number(value)]),
      Object.entries(limits),
    )
  })
}
