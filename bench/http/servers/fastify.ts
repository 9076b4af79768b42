/** Fastify with its defaults: no logger, handlers that send a string, or a value that it makes JSON of. */

import { fastify } from 'fastify'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const app = fastify()

app.get('/hello', (_request, reply) => {
  reply.type('text/plain').send(HELLO)
})

app.post('/json', (request, reply) => {
  reply.send(request.body)
})

await app.listen({ host: '127.0.0.1', port: 0 })
serveUntilStdinEnds(portOf(app.server))
