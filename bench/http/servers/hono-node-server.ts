/** Hono on its own adapter for node:http, with the adapter's defaults. */

import { serve } from '@hono/node-server'
import { app } from '../hono-app.ts'
import { serveUntilStdinEnds } from '../serve.ts'

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => serveUntilStdinEnds(port))
