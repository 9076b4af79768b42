/** The application of `hono-app.ts` on @hono/node-server: a process of its own, since that replaces globals too. */
import { serve } from '@hono/node-server'
import { createHonoApp } from './hono-app.ts'

const { app, lines } = createHonoApp(process.argv[2] as string)
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.send?.({ port }))
process.on('message', () => process.send?.({ lines }, () => process.exit(0)))
