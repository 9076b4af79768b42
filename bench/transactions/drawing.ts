/** The picture of a report: transfers a second and the p99 over the number of connections, a line for each server. Pure: a report in, SVG out. */
import { PLOT_STYLE } from '../harness/plot-style.ts'
import type { Report } from '../harness/report.ts'
import { GROWTH, growthName, sqliteServers } from './trials.ts'

interface Panel {
  readonly title: string
  /** What a row's name ends with, after the connections. */
  readonly what: string
  readonly unit: string
}

const panels: readonly Panel[] = [
  { title: 'Durable transfers', what: '', unit: 'a second' },
  { title: 'p99 of an answer', what: ' p99', unit: 'ms' },
]
/** As the servers come. */
const css: readonly string[] = ['ours', 'first', 'second']

const WIDTH = 320
const HEIGHT = 240
const LEFT = 72
const TOP = 64
const GAP = 72

/** @throws RangeError naming a row that the report does not have. */
export function plot(report: Report): string {
  const width = LEFT + panels.length * (WIDTH + GAP) - GAP / 2
  const height = TOP + HEIGHT + 128
  const drawn = panels.map((panel, index) => {
    const series = sqliteServers.map((who) => GROWTH.map((count) => medianOf(report, who, count, panel.what)))
    return drawPanel(panel, LEFT + index * (WIDTH + GAP), series)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    '  <title id="title">Durable transfers over HTTP</title>',
    `  <desc id="desc">Transfers a second and the 99th percentile of an answer, with ${GROWTH.join(', ')} connections, for ${sqliteServers.join(', ')}.</desc>`,
    PLOT_STYLE,
    `  <rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="14"/>`,
    ...drawn,
    ...legend(height),
    '</svg>',
    '',
  ].join('\n')
}

function medianOf(report: Report, who: string, connections: number, what: string): number {
  const name = `${who} transfers ${growthName(connections)}${what}`
  const row = report.rows.find((candidate) => candidate.name === name)
  if (row?.median == null) throw new RangeError(`the report has no row "${name}"`)
  return row.median
}

/** Both axes are logarithmic: whole decades upwards, powers of two to the right. */
function drawPanel({ title, unit }: Panel, left: number, series: readonly (readonly number[])[]): string {
  const values = series.flat()
  const lowest = Math.floor(Math.log10(Math.min(...values)))
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values))))
  const [first = 1] = GROWTH
  const doublings = Math.log2((GROWTH.at(-1) ?? first) / first)
  const x = (connections: number): number =>
    round(left + (WIDTH * Math.log2(connections / first)) / doublings)
  const y = (value: number): number =>
    round(TOP + HEIGHT * (1 - (Math.log10(value) - lowest) / (highest - lowest)))
  const lines: string[] = [
    `  <text class="head" x="${left}" y="${TOP - 30}">${title}</text>`,
    `  <text class="soft" x="${left}" y="${TOP - 12}">${unit}</text>`,
  ]
  for (let decade = lowest; decade <= highest; decade++) {
    const at = y(10 ** decade)
    lines.push(`  <path class="grid" d="M${left} ${at}H${left + WIDTH}"/>`)
    lines.push(`  <text class="soft end" x="${left - 8}" y="${at + 4}">${labelOf(decade)}</text>`)
  }
  for (const connections of GROWTH) {
    lines.push(
      `  <text class="soft middle" x="${x(connections)}" y="${TOP + HEIGHT + 20}">${connections}</text>`,
    )
  }
  for (const [index, values] of series.entries()) {
    const points = values.map((value, at) => `${x(GROWTH[at] ?? first)} ${y(value)}`)
    lines.push(`  <path class="line ${css[index]}" d="M${points.join('L')}"/>`)
    for (const point of points) {
      const [cx, cy] = point.split(' ')
      lines.push(`  <circle class="dot ${css[index]}" cx="${cx}" cy="${cy}" r="3.5"/>`)
    }
  }
  return lines.join('\n')
}

function legend(height: number): string[] {
  const items = sqliteServers.map((who, index) => {
    const at = LEFT + index * 220
    return `  <path class="line ${css[index]}" d="M${at} ${height - 64}h28"/><text x="${at + 38}" y="${height - 59}">${who}</text>`
  })
  const caption = [
    'Over the number of connections, each of which waits for its answer. Both axes are logarithmic.',
    'Four statements in one transaction, on the disk before it is answered (SQLite, synchronous=FULL).',
  ].map((text, line) => `  <text class="soft" x="${LEFT}" y="${height - 32 + line * 18}">${text}</text>`)
  return [...items, ...caption]
}

function labelOf(decade: number): string {
  return decade < 0 ? (10 ** decade).toFixed(-decade) : (10 ** decade).toLocaleString('en-US')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
