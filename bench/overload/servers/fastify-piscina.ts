/** Fastify, and Piscina with one thread for the work: nothing is refused, whatever comes waits in Piscina's queue. */
import { fileURLToPath } from 'node:url'
import { fastify } from 'fastify'
import { Piscina } from 'piscina'
import { HELLO, portOf, serveUntilStdinEnds } from '../../http/serve.ts'
import { roundsOf } from '../work.ts'

const pool = new Piscina({
  filename: fileURLToPath(new URL('../hash.mjs', import.meta.url)),
  minThreads: 1,
  maxThreads: 1,
})
const app = fastify()
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
app.get('/hello', (_request, reply) => {
  reply.type('text/plain').send(HELLO)
})
app.post('/hash', async (request) => pool.run({ body: request.body, rounds: roundsOf(request.url) }))

await app.listen({ host: '127.0.0.1', port: 0 })
serveUntilStdinEnds(portOf(app.server))
