/** Fastify's server, whichever the database: no logger, and a receipt of which Fastify knows the shape, so that it writes it fastest. */
import { fastify } from 'fastify'
import { portOf, serveUntilStdinEnds } from '../http/serve.ts'
import {
  InsufficientFundsError,
  type Receipt,
  STATUS_INSUFFICIENT,
  STATUS_TAKEN,
  TRANSFERS_PATH,
  type Transfer,
} from './work.ts'

const receiptSchema = {
  type: 'object',
  required: ['id', 'balance'],
  properties: { id: { type: 'string' }, balance: { type: 'integer' } },
} as const

/**
 * @param transfer - does it, durably; an answer at once is sent at once.
 * @param isTaken - whether that is what it failed with.
 */
export async function serveFastify(
  transfer: (transfer: Transfer) => Receipt | Promise<Receipt>,
  isTaken: (error: unknown) => boolean,
): Promise<void> {
  const app = fastify()
  app.setErrorHandler((error, _request, reply) => {
    if (isTaken(error)) reply.code(STATUS_TAKEN).send('this id is taken')
    else if (error instanceof InsufficientFundsError) reply.code(STATUS_INSUFFICIENT).send('not enough')
    else reply.code(500).send(String(error))
  })
  app.post(TRANSFERS_PATH, { schema: { response: { 201: receiptSchema } } }, (request, reply) => {
    reply.code(201)
    const receipt = transfer(request.body as Transfer)
    if (receipt instanceof Promise) return receipt
    reply.send(receipt)
    return undefined
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  serveUntilStdinEnds(portOf(app.server))
}
