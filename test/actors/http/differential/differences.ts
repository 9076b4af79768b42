/**
 * Every difference between greenroom and node:http, and why it is there. What no entry covers fails the test, and so
 * does an entry that no case needs. The table of docs/http.md is made from here.
 */
import type { Difference } from './difference.ts'
import { nodeStricter } from './node-stricter.ts'
import { weStricter } from './we-stricter.ts'

export const differences: readonly Difference[] = [...weStricter, ...nodeStricter]

const stricter = { we: 'greenroom', node: 'node:http', neither: 'neither' } as const

/** The table of docs/http.md. */
export function differencesTable(): string {
  const rows = differences.map((entry) => [
    entry.name,
    stricter[entry.stricter],
    entry.we,
    entry.node,
    entry.law,
  ])
  const lines = [
    ['what is sent', 'stricter', 'greenroom', 'node:http', 'why'],
    ['---', '---', '---', '---', '---'],
    ...rows,
  ]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
