/**
 * What a run says at its end: one JSON object for programs, or a table for people. Both show the same numbers.
 */

export interface Row {
  /** `<who> <what>`, such as `greenroom tell`. */
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Report {
  readonly suite: string
  /** The Node version that ran everything, as `process.version` has it. */
  readonly node: string
  readonly rows: readonly Row[]
  /** `<peer> <what>` to how many times better we are: above 1 means that we win. */
  readonly ratios: Readonly<Record<string, number>>
}

/** Digits beyond the noise of any run are left out. */
const DIGITS = 5

export function significant(value: number): number {
  return Number(value.toPrecision(DIGITS))
}

/** For people: thousands are grouped, and at most three digits follow the point. */
export function formatNumber(value: number): string {
  const fractionDigits = value >= 1000 ? 0 : value >= 10 ? 1 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: fractionDigits })
}

export function toTable(report: Report): string {
  const body = report.rows.map((row) => [
    row.name,
    formatNumber(row.median),
    formatNumber(row.min),
    formatNumber(row.max),
    row.unit,
  ])
  const ratios = Object.entries(report.ratios).map(([peer, ratio]) => [peer, `${ratio.toFixed(2)} x`])
  return [
    `${report.suite}, Node ${report.node}`,
    '',
    ...aligned([['', 'median', 'min', 'max', ''], ...body]),
    '',
    'greenroom against (above 1: greenroom is better)',
    ...aligned(ratios),
  ].join('\n')
}

/** Text in the first and the last of five columns to the left, numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const line of lines) {
    for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
