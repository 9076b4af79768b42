/** `npm start`: web server and chat, one process with one database. Environment, signals and standard streams are known here alone. */
import { constants } from 'node:os'
import { createJsonLog, createSystem } from 'greenroom'
import { openCertificate, renewCertificate } from './certificate.ts'
import { chatRoutes } from './chat/chat-routes.ts'
import { databaseStore } from './chat/database-store.ts'
import { startChat } from './chat/start-chat.ts'
import { openExamplesDatabase } from './database.ts'
import { openFeed } from './web/open-ledger.ts'
import { startWeb } from './web/server.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const { HOST = '127.0.0.1', PORT = '8080', CHAT_PORT = '2323', LOG_LEVEL = 'info' } = process.env
const { DATABASE_FILE = 'ledger.db', DATABASE_URL, TLS_CERT, TLS_KEY } = process.env
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
const { ctx } = system

// With both files everything is encrypted. SIGHUP has them read again.
const files =
  TLS_CERT === undefined && TLS_KEY === undefined ? undefined : { cert: TLS_CERT ?? '', key: TLS_KEY ?? '' }
const tls =
  files &&
  (await opened(
    async () => openCertificate(files),
    (why) => `TLS_CERT, TLS_KEY: ${why}`,
  ))
if (files && tls) process.on('SIGHUP', () => renewCertificate(ctx, tls, files))

const at = (port: string) => `${tls ? 'tls' : 'tcp'}:${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`
const place = DATABASE_URL === undefined ? { file: DATABASE_FILE } : { url: DATABASE_URL }
const told = 'file' in place ? 'DATABASE_FILE' : 'DATABASE_URL'
const feed = openFeed(ctx)
const database = await opened(
  () => openExamplesDatabase(ctx, place),
  (why) => `${told}: ${why}`,
)
const store = databaseStore(database)
const listener = (port: string) => ({ endpoint: at(port), ...(tls && { tls }) })
const chat = await opened(() => startChat(system, { store, ...listener(CHAT_PORT) }))
const ledger = { database, feed }
const web = await opened(() =>
  startWeb(system, { meter, ledger, routes: chatRoutes(chat), ...listener(PORT) }),
)

// npm passes on what the terminal has sent to both of us: twice at once is not a second time.
let isSecondFromMs = Infinity
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (performance.now() > isSecondFromMs) process.exit(128 + constants.signals[signal])
    isSecondFromMs = Math.min(isSecondFromMs, performance.now() + 500)
    // Both at once: one after the other, the second would have what the first leaves of the time.
    for (const listening of [web, chat.listening]) listening.ref.send(ctx, { type: 'drain' })
    system.stop()
  })
}
console.log(`greenroom web server on ${web.endpoint.replace('tcp:', 'http://').replace('tls:', 'https://')}`)
console.log(`greenroom chat on ${chat.listening.endpoint}`)

async function opened<T>(open: () => PromiseLike<T>, tell = (why: string) => why): Promise<T> {
  try {
    return await open()
  } catch (error) {
    return fail(tell((error as Error).message))
  }
}

function fail(why: string): never {
  console.error(`greenroom: ${why}`)
  process.exit(1)
}
