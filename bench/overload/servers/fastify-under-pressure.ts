/**
 * Fastify with @fastify/under-pressure, which refuses while the event loop is late or busy. So the work is done there: on
 * threads the loop would never be, and nothing would be refused.
 */
import { pbkdf2Sync } from 'node:crypto'
import underPressure from '@fastify/under-pressure'
import { fastify } from 'fastify'
import { HELLO, portOf, serveUntilStdinEnds } from '../../http/serve.ts'
import { roundsOf, TARGET_MS } from '../work.ts'

const app = fastify()
await app.register(underPressure, {
  maxEventLoopDelay: TARGET_MS / 2,
  sampleInterval: 100,
  retryAfter: 1,
})
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
app.get('/hello', (_request, reply) => {
  reply.type('text/plain').send(HELLO)
})
app.post('/hash', (request, reply) => {
  reply.send(pbkdf2Sync(request.body as string, 'salt', roundsOf(request.url), 32, 'sha512').toString('hex'))
})

await app.listen({ host: '127.0.0.1', port: 0 })
serveUntilStdinEnds(portOf(app.server))
