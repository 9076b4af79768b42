/**
 * Draws a report of the suite: `node --import tsx bench/overload/plot.ts report.json docs/overload.svg`, where the report is
 * what `npm run bench -- overload --json` has printed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Report } from '../harness/report.ts'
import { plot } from './drawing.ts'

const [from, to] = process.argv.slice(2)
if (from === undefined || to === undefined) {
  process.stderr.write('plot: takes a report and the picture to write\n')
  process.exitCode = 1
} else {
  const lines = readFileSync(from, 'utf8').trim().split('\n')
  writeFileSync(to, plot(JSON.parse(lines.at(-1) ?? '') as Report))
}
