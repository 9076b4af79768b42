/** Fastify with its defaults: no logger, a synchronous handler that sends a string. */

import { fastify } from 'fastify'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const app = fastify()

app.get('/hello', (_request, reply) => {
  reply.type('text/plain').send(HELLO)
})

await app.listen({ host: '127.0.0.1', port: 0 })
serveUntilStdinEnds(portOf(app.server))
