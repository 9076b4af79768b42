/**
 * What a run says at its end: one JSON object for programs, or a table for people. Both show the same numbers.
 */

export interface Row {
  readonly trial: string
  /** `<who> <what>`, such as `greenroom tell`. No two rows have the same. */
  readonly name: string
  readonly unit: string
  /** Null, as the others, where it was skipped. */
  readonly median: number | null
  readonly min: number | null
  readonly max: number | null
  /** Why nothing was measured. */
  readonly skipped?: string
}

export interface Report {
  readonly suite: string
  /** The Node version that ran everything, as `process.version` has it. */
  readonly node: string
  readonly rows: readonly Row[]
  /** `<peer> <what>`, the name of the peer's row, to how many times better we are: above 1 means that we win. */
  readonly ratios: Readonly<Record<string, number>>
  /** What one must know to read some of the figures, a line each. */
  readonly remarks: readonly string[]
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

/** An empty line between trials; the ratio of each peer at the end of its row. */
export function toTable(report: Report): string {
  const rows = report.rows.map(({ name, median, min, max, unit, skipped }) => {
    const ratio = report.ratios[name]
    const number = (value: number | null): string => (value === null ? '' : formatNumber(value))
    return [
      name,
      number(median),
      number(min),
      number(max),
      skipped === undefined ? unit : `skipped: ${skipped}`,
      ratio === undefined ? '' : `${ratio.toFixed(2)} x`,
    ]
  })
  const [header = '', ...body] = aligned([['', 'median', 'min', 'max', '', 'ratio'], ...rows])
  return [
    `${report.suite}, Node ${report.node}; ratio above 1: greenroom, the first of its trial, is better`,
    '',
    header,
    ...body.flatMap((line, index) => {
      const isFirst = index > 0 && report.rows[index]?.trial !== report.rows[index - 1]?.trial
      return isFirst ? ['', line] : [line]
    }),
    ...(report.remarks.length > 0 ? ['', ...report.remarks] : []),
  ].join('\n')
}

/** The columns of text. */
const isText = (column: number): boolean => column === 0 || column === 4

/** Text to the left, numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const line of lines) {
    for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return lines.map((line) =>
    line
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
