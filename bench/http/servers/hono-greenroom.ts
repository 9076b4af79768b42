/** Hono on greenroom's `fetch`, with greenroom's defaults. */

import { createSystem, http, listen } from '../../built.ts'
import { app } from '../hono-app.ts'
import { serveUntilStdinEnds } from '../serve.ts'

const system = createSystem()

const listener = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({ fetch: app.fetch }),
})

serveUntilStdinEnds(listener.port ?? 0)
