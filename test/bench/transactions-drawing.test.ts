/** The picture of a report of transactions. */
import test from 'ava'
import type { Report } from '../../bench/harness/report.ts'
import { plot } from '../../bench/transactions/drawing.ts'
import { GROWTH, sqliteServers, transactionsTrials } from '../../bench/transactions/trials.ts'

const report: Report = {
  suite: 'transactions',
  node: 'v20.0.0',
  ratios: {},
  remarks: [],
  rows: transactionsTrials.flatMap(({ name, figures, between }) =>
    figures.flatMap(({ what, unit }) =>
      between.map((who, index) => ({
        trial: name,
        name: `${who} ${what}`,
        unit,
        median: 0.7 * 30 ** index,
        min: 0,
        max: 0,
      })),
    ),
  ),
}

test('every server has a line with a point for each number of connections in both panels', (t) => {
  const svg = plot(report)
  t.is(svg.match(/<circle /g)?.length, 2 * sqliteServers.length * GROWTH.length)
  t.is(svg.match(/class="line (ours|first|second)" d="M[\d.]+ [\d.]+L/g)?.length, 2 * sqliteServers.length)
  t.notRegex(svg, /NaN|undefined|Infinity/)
})

test('all that is drawn is inside of the picture, and what is higher is drawn higher', (t) => {
  const svg = plot(report)
  const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
  const points = [...svg.matchAll(/c?x="([\d.-]+)" c?y="([\d.-]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ])
  t.true(points.length > 30)
  for (const [x = -1, y = -1] of points) t.true(x >= 0 && x <= width && y >= 0 && y <= height, `${x} ${y}`)
  const heights = [...svg.matchAll(/class="dot (?:ours|first|second)" cx="[\d.]+" cy="([\d.]+)"/g)].map(
    ([, y]) => Number(y),
  )
  const [ours = 0, first = 0, second = 0] = [0, 4, 8].map((index) => heights[index])
  t.true(ours > first && first > second)
})

test('a report that lacks a row is refused, by its name, and so is one that was skipped', (t) => {
  const name = 'greenroom transfers 64c p99'
  const without = report.rows.filter((row) => row.name !== name)
  t.throws(() => plot({ ...report, rows: without }), { message: new RegExp(`"${name}"`) })
  const skipped = report.rows.map((row) =>
    row.name === name ? { ...row, median: null, skipped: 'why' } : row,
  )
  t.throws(() => plot({ ...report, rows: skipped }), { message: new RegExp(`"${name}"`) })
})
