/** greenroom on SQLite: transactions that wait together commit together. */
import { sqlite } from '../../built-transactions.ts'
import { serveGreenroom } from '../serve-greenroom.ts'

const [, , file = ''] = process.argv

await serveGreenroom(sqlite({ file }))
