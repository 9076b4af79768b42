/** `npm start`: the web server as a process. Environment, signals and standard streams are known here alone. */
import { constants } from 'node:os'
import { createJsonLog, createSystem } from 'greenroom'
import { openLedger } from './open-ledger.ts'
import { startWeb } from './server.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const { HOST = '127.0.0.1', PORT = '8080', LOG_LEVEL = 'info' } = process.env
const { DATABASE_FILE = 'ledger.db', DATABASE_URL } = process.env
const level = LEVELS.find((name) => name === LOG_LEVEL)
if (level === undefined) fail(`LOG_LEVEL is one of ${LEVELS.join(', ')}, not "${LOG_LEVEL}"`)
const meter = { turns: 0, requests: 0 }
const log: string[] = []
const flush = () => log.length > 0 && process.stderr.write(log.splice(0).join(''))
process.on('exit', flush)
process.stderr.on('error', () => {}) // Whoever read the log has gone; the server stays.

const system = createSystem({
  log: createJsonLog({ level, write: (line) => log.push(`${line}\n`), wallMs: Date.now }),
  // A generator of our own around the loop: one step is one turn. The log leaves as all output does, once a turn.
  *run(turns) {
    for (const { number } of turns) {
      meter.turns = number
      yield flush()
    }
  },
})

const endpoint = `tcp:${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`
const place = DATABASE_URL === undefined ? { file: DATABASE_FILE } : { url: DATABASE_URL }
const told = 'file' in place ? 'DATABASE_FILE' : 'DATABASE_URL'
const ledger = await openLedger(system.ctx, place).catch((error) => fail(`${told}: ${error.message}`))
const server = await startWeb(system, { endpoint, meter, ledger }).catch((error) => fail(error.message))

// npm passes on what the terminal has sent to both of us: twice at once is not a second time.
let isSecondFromMs = Infinity
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (performance.now() > isSecondFromMs) process.exit(128 + constants.signals[signal])
    isSecondFromMs = Math.min(isSecondFromMs, performance.now() + 500)
    system.stop()
  })
}
console.log(`greenroom web server on ${server.endpoint.replace('tcp:', 'http://')}`)

function fail(why: string): never {
  console.error(`greenroom web server: ${why}`)
  process.exit(1)
}
