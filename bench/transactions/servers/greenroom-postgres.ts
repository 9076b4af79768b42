/** greenroom on PostgreSQL. */
import { postgres } from '../../built-postgres.ts'
import { serveGreenroom } from '../serve-greenroom.ts'

const [, , url = ''] = process.argv

await serveGreenroom(postgres({ url }))
