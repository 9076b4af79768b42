/** The picture of a report: four panels over the offered load, two in a row, a line for each server. Pure: a report in, SVG out. */
import { PLOT_STYLE } from '../harness/plot-style.ts'
import type { Report } from '../harness/report.ts'
import { overloadTrials } from './trials.ts'
import { PATIENCE_MS, TARGET_MS } from './work.ts'

interface Panel {
  readonly title: string
  /** What is added to a trial's name to have its row's. */
  readonly what: string
  readonly unit: string
  /** A line across, and what it says. */
  readonly mark?: { readonly at: number; readonly text: string }
}

const panels: readonly Panel[] = [
  { title: 'Answers in time', what: 'goodput', unit: 'a second' },
  { title: 'p90 of what was answered', what: 'p90', unit: 'ms', mark: { at: TARGET_MS, text: 'target' } },
  { title: 'Refused with 503', what: 'refused', unit: 'a second' },
  { title: 'p99 of GET /hello beside', what: 'hello p99', unit: 'ms' },
]

const servers: readonly (readonly [who: string, css: string])[] = [
  ['greenroom', 'ours'],
  ['Fastify + Piscina', 'first'],
  ['Fastify + under-pressure', 'second'],
]

/** The even loads, the least first. */
const loads = overloadTrials
  .filter(({ burstSeconds }) => burstSeconds === 0)
  .toSorted((a, b) => a.times - b.times)

const WIDTH = 320
const HEIGHT = 200
const LEFT = 64
const TOP = 64
const GAP = 64
const PANELS_IN_ROW = 2
/** From the top of one row's panels to that of the next. */
const ROW_HEIGHT = HEIGHT + 104

export function plot(report: Report): string {
  const rows = Math.ceil(panels.length / PANELS_IN_ROW)
  const width = LEFT + PANELS_IN_ROW * (WIDTH + GAP) - GAP / 2
  const height = TOP + (rows - 1) * ROW_HEIGHT + HEIGHT + 120
  const value = (who: string, name: string, what: string): number => {
    const row = report.rows.find((row) => row.name === `${who} ${name} ${what}`)
    if (row?.median == null) throw new RangeError(`the report has no row "${who} ${name} ${what}"`)
    return row.median
  }
  const drawn = panels.map((panel, index) => {
    const left = LEFT + (index % PANELS_IN_ROW) * (WIDTH + GAP)
    const above = TOP + Math.floor(index / PANELS_IN_ROW) * ROW_HEIGHT
    const series = servers.map(([who]) => loads.map(({ name }) => value(who, name, panel.what)))
    return drawPanel(panel, { left, above }, series)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    '  <title id="title">Servers under more load than they can serve</title>',
    '  <desc id="desc">Answers in time, the 90th percentile of the answered, refusals, and the 99th percentile of a light request beside, at half to eight times the load that a server can do, for greenroom, Fastify with Piscina, and Fastify with under-pressure.</desc>',
    PLOT_STYLE,
    `  <rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="14"/>`,
    ...drawn,
    ...legend(height),
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel(
  { title, unit, mark }: Panel,
  { left, above }: { readonly left: number; readonly above: number },
  series: readonly (readonly number[])[],
): string {
  const top = niceTop(Math.max(...series.flat(), mark?.at ?? 0))
  const x = (index: number): number => round(left + (index * WIDTH) / (loads.length - 1))
  const y = (value: number): number => round(above + HEIGHT * (1 - value / top))
  const lines: string[] = [
    `  <text class="head" x="${left}" y="${above - 30}">${title}</text>`,
    `  <text class="soft" x="${left}" y="${above - 12}">${unit}</text>`,
  ]
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const at = y(part * top)
    lines.push(`  <path class="grid" d="M${left} ${at}H${left + WIDTH}"/>`)
    lines.push(`  <text class="soft end" x="${left - 8}" y="${at + 4}">${part * top}</text>`)
  }
  for (const [index, { times }] of loads.entries()) {
    lines.push(`  <text class="soft middle" x="${x(index)}" y="${above + HEIGHT + 20}">${times} x</text>`)
  }
  if (mark !== undefined) {
    lines.push(`  <path class="mark" d="M${left} ${y(mark.at)}H${left + WIDTH}"/>`)
    lines.push(
      `  <text class="soft end" x="${left + WIDTH}" y="${y(mark.at) - 6}">${mark.text} ${mark.at}</text>`,
    )
  }
  for (const [index, values] of series.entries()) {
    const css = servers[index]?.[1]
    const points = values.map((value, load) => `${x(load)} ${y(value)}`)
    lines.push(`  <path class="line ${css}" d="M${points.join('L')}"/>`)
    for (const point of points) {
      const [cx, cy] = point.split(' ')
      lines.push(`  <circle class="dot ${css}" cx="${cx}" cy="${cy}" r="3.5"/>`)
    }
  }
  return lines.join('\n')
}

function legend(height: number): string[] {
  const items = servers.map(([who, css], index) => {
    const at = LEFT + index * 220
    return `  <path class="line ${css}" d="M${at} ${height - 64}h28"/><text x="${at + 38}" y="${height - 59}">${who}</text>`
  })
  const caption = [
    'Over what is asked for, in times of what one thread can do.',
    `Clients do not wait for each other, and leave after ${PATIENCE_MS} ms: with no answers at all that is the p90.`,
  ].map((text, line) => `  <text class="soft" x="${LEFT}" y="${height - 32 + line * 18}">${text}</text>`)
  return [...items, ...caption]
}

/** The least of 1, 2, 4 or 8 times a power of ten that is not below. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return ([1, 2, 4, 8, 10].find((times) => times * power >= value) ?? 10) * power
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
