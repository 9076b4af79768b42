/** The picture of an overload report. */
import test from 'ava'
import type { Report } from '../../bench/harness/report.ts'
import { plot } from '../../bench/overload/drawing.ts'
import { overloadTrials } from '../../bench/overload/trials.ts'

const servers = ['greenroom', 'Fastify + Piscina', 'Fastify + under-pressure']

const report: Report = {
  suite: 'overload',
  node: 'v20.0.0',
  ratios: {},
  remarks: [],
  rows: servers.flatMap((who, index) =>
    overloadTrials.flatMap(({ name, figures }) =>
      figures.map(({ what, unit }) => ({
        trial: name,
        name: `${who} ${what}`,
        unit,
        median: 100 * index,
        min: 0,
        max: 0,
      })),
    ),
  ),
}

test('every server has a line with a point for each load in every panel', (t) => {
  const svg = plot(report)
  t.is(svg.match(/<circle /g)?.length, 4 * 3 * 5)
  t.is(svg.match(/class="line (ours|first|second)" d="M[\d.]+ [\d.]+L/g)?.length, 4 * 3)
  t.notRegex(svg, /NaN|undefined|Infinity/)
})

test('all that is drawn is inside of the picture', (t) => {
  const svg = plot(report)
  const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
  const points = [...svg.matchAll(/c?x="([\d.-]+)" c?y="([\d.-]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ])
  t.true(points.length > 60)
  for (const [x = -1, y = -1] of points) t.true(x >= 0 && x <= width && y >= 0 && y <= height, `${x} ${y}`)
})

test('a report that lacks a row is refused, by its name', (t) => {
  const rows = report.rows.filter(({ name }) => name !== 'greenroom 2x p90')
  t.throws(() => plot({ ...report, rows }), { message: /"greenroom 2x p90"/ })
})
