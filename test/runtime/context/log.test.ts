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

const ring: { self?: object } = {}
ring.self = ring
const unwritable: Record<string, object> = {
  'a cycle': { ring },
  'a BigInt': { big: 10n },
  'a toJSON that throws': {
    trap: {
      toJSON() {
        throw new Error('trap')
      },
    },
  },
  'a getter that throws': {
    get trap() {
      throw new Error('trap')
    },
  },
}
for (const [what, fields] of Object.entries(unwritable)) {
  test(`${what} in the fields does not cost the message`, (t) => {
    const { lines, log } = record()
    log.warn(fields, 'it happened')
    t.like(lines[0], { level: 'warn', time: 1_000 })
    t.regex(String(lines[0]?.msg), /^it happened \(.+\)$/s)
  })
}

test('level, time and message are not for the fields to write', (t) => {
  const { lines, log } = record()
  log.info({ msg: 'other', level: 'error', time: 0, port: 1 }, 'listening')
  t.deepEqual(lines, [{ level: 'info', time: 1_000, msg: 'listening', port: 1 }])
})
