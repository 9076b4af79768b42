/** Messages of the outbox as a table for people. */
import { utcText } from '../../../runtime/time/utc-text.ts'
import type { Entry } from './message.ts'

const HEADINGS = [
  'id',
  'state',
  'destination',
  'attempts',
  'published',
  'next',
  'last error',
  'payload',
] as const

/** @param nowMs - Unix time in milliseconds. */
export function tableOf(entries: readonly Entry[], nowMs: number, shownMax: number): string {
  if (entries.length === 0) return 'no messages\n'
  const rows = [HEADINGS, ...entries.map((entry) => rowOf(entry, nowMs, shownMax))]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

function rowOf(entry: Entry, nowMs: number, shownMax: number): readonly string[] {
  const { id, state, destination, attempts, createdMs, lastError, payload } = entry
  return [
    `${id}`,
    state,
    plain(destination, shownMax),
    `${attempts}`,
    utcText(createdMs),
    nextOf(entry, nowMs),
    plain(lastError ?? '', shownMax),
    plain(payload, shownMax),
  ]
}

/** What it waits for. */
function nextOf({ state, dueMs, leasedUntilMs }: Entry, nowMs: number): string {
  if (state === 'waiting') return `in ${seconds(dueMs - nowMs)}`
  return state === 'leased' ? `sent, or in ${seconds(leasedUntilMs - nowMs)}` : ''
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`
}

/** In one line, and without what a terminal would obey. */
function plain(text: string, shownMax: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
  return line.length > shownMax ? `${line.slice(0, shownMax - 1)}…` : line
}
