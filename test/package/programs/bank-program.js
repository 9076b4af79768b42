/** What a user writes in plain JavaScript: transactions on a SQLite file, and what it says where there is no library for it. */
import { codeOf, createSystem, silentLog } from 'greenroom'
import { openDatabase, sqlite } from 'greenroom/sqlite'

const system = createSystem({ log: silentLog })
const { ctx } = system
const module = new URL('./bank.js', import.meta.url)
try {
  const bank = await openDatabase(ctx, { driver: sqlite({ file: process.argv[2] }), module })
  const totals = [await bank.transact(ctx, 'pay', 40), await bank.transact(ctx, 'pay', 2)]
  console.log(`paid: ${totals.join(' ')}`)
} catch (error) {
  console.log(`${codeOf(error)}: ${error.message}`)
}
await system.stop()
