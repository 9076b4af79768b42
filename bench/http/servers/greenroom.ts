/** greenroom's `respond`, with its defaults: actors, contexts, limits and timeouts are on. */

import { createSystem, http, json, listen, text } from '../../built.ts'
import { HELLO, serveUntilStdinEnds } from '../serve.ts'

const system = createSystem()

const listener = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({
    respond(_ctx, request) {
      if (request.method === 'GET' && request.path === '/hello') return text(HELLO)
      if (request.method === 'POST' && request.path === '/json') return request.json().then(json)
      return text('not found', { status: 404 })
    },
  }),
})

serveUntilStdinEnds(listener.port ?? 0)
