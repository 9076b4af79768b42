/** greenroom's `serve`, a generator for each connection; the rest as in greenroom.ts. */

import { createSystem, http, listen, text } from '../../built.ts'
import { HELLO, serveUntilStdinEnds } from '../serve.ts'

const system = createSystem()

const listener = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({
    async *serve(_ctx, { requests }) {
      for await (const request of requests) {
        if (request.method === 'GET' && request.path === '/hello') yield text(HELLO)
        else yield text('not found', { status: 404 })
      }
    },
  }),
})

serveUntilStdinEnds(listener.port ?? 0)
