/**
 * The process that is killed: transfers without end, many at once. It waits for a line on its standard input, the number of its
 * run, and tells on its standard output, a line each, at once:
 *
 *     open <total>      the database is open
 *     ack <id>          a transfer was acknowledged
 *     heard <id>        a live event of it came
 *     sent <message> <id>   the outbox has delivered a message
 */

import { once } from 'node:events'
import { writeSync } from 'node:fs'

const build = process.env.GREENROOM_BUILD
const { behaviour, actorName, createSystem, silentLog } = await import(
  new URL('../../../runtime/index.js', build).href
)
const { openDatabase, sqlite } = await import(build)
const [, , file, mode] = process.argv
const say = (line) => writeSync(1, `${line}\n`)

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const run = line.trim()
const system = createSystem({ log: silentLog })
const { ctx } = system
const ledger = behaviour({
  initial: 'open',
  states: { open: { transferred: (_, { id }) => say(`heard ${id}`) } },
})
system.spawn(ctx, ledger, { as: actorName('ledger') })
const bank = await openDatabase(ctx, {
  // One thread: it starts sooner.
  driver: sqlite({ file, readers: 0 }),
  module: new URL('./kill-bank.js', import.meta.url),
  destinations: { audit: { deliver: (_, { id, payload }) => say(`sent ${id} ${payload.id}`) } },
  outbox: { leaseMs: 200, sendMs: 100, pollMinMs: 20, pollMaxMs: 50 },
})
await bank.transact(ctx, 'found')
say(`open ${await bank.transact(ctx, 'total')}`)

if (mode === 'transfers') {
  let number = 0
  const next = () => {
    number += 1
    const input = {
      id: `${run}-${number}`,
      from: number % 50,
      to: (number * 7 + 3) % 50,
      amount: 1 + (number % 5),
      isBad: number % 4 === 0,
    }
    bank.transact(ctx, 'transfer', input).listen((id) => {
      say(`ack ${id}`)
      next()
    }, next)
  }
  for (let i = 0; i < 24; i++) next()
}
// In any case it ends when it is killed.
setInterval(() => {}, 1_000)
