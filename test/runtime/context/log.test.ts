/** Law: one line of JSON for each message at or above the level, whatever the fields hold. */
import test from 'ava'
import { createJsonLog, type JsonLogOptions } from '../../../runtime/context/log.ts'
import { UsageError } from '../../../runtime/errors.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

function record(level?: NonNullable<JsonLogOptions['level']>) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  return { lines, log: createJsonLog({ write, wallMs: () => 1_000, ...(level && { level }) }) }
}

test('a line has level, time, message and fields', (t) => {
  const { lines, log } = record()
  log.info({ port: 8080 }, 'listening')
  t.deepEqual(lines, [{ level: 'info', time: 1_000, msg: 'listening', port: 8080 }])
})

for (const [level, written] of [
  ['debug', levels],
  [undefined, levels.slice(1)],
  ['error', ['error']],
  ['silent', []],
] as const) {
  test(`at level ${level ?? 'info, the default,'} it writes ${written.join(', ') || 'nothing'}`, (t) => {
    const { lines, log } = record(level)
    for (const name of levels) log[name]({}, name)
    t.deepEqual(
      lines.map(({ msg }) => msg),
      [...written],
    )
  })
}

test('errors are written with name, code, message and cause, at any depth', (t) => {
  const { lines, log } = record()
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  log.error({ request: { error: new UsageError('BAD_OPTION', 'no such option', { cause }) } }, 'failed')
  const { error } = (lines[0] as { request: { error: Record<string, unknown> } }).request
  t.like(error, { name: 'UsageError', code: 'BAD_OPTION', message: 'no such option' })
  t.like(error.cause, { name: 'Error', code: 'ECONNREFUSED', message: 'refused' })
})

test('fields that cannot be written do not cost the message', (t) => {
  const { lines, log } = record()
  const ring: { self?: object } = {}
  ring.self = ring
  log.warn({ ring }, 'a cycle')
  log.warn({ big: 10n }, 'a BigInt')
  t.deepEqual(
    lines.map(({ level, msg }) => [level, String(msg).slice(0, 8)]),
    [
      ['warn', 'a cycle '],
      ['warn', 'a BigInt'],
    ],
  )
})
