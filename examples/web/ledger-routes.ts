/**
 * What the ledger answers over HTTP: JSON, whatever the content type of a request says, so that `curl -d` will do.
 *
 * Rules: a transfer is one transaction, asked for in the request's context. What is refused says why, by a stable code. Nobody
 * who is told 201 or 200 is told so before it is on the disk; who is told 503 may ask for the same again.
 */
import type { Context } from 'greenroom'
import { eventStream, type HttpRequest, type HttpResponse, json, lastEventId } from 'greenroom/actors'
import { shortBody } from './body.ts'
import { answered, failed, messageOf } from './failures.ts'
import { follow } from './feed.ts'
import { keyOf } from './ledger.ts'
import type { Ledger } from './open-ledger.ts'
import { ID, type Issue, parseTransfer } from './transfer.ts'

const BODY_BYTES_MAX = 4_096

type Handler = (ctx: Context, request: HttpRequest) => HttpResponse | Promise<HttpResponse>

export function ledgerRoutes({ database, feed }: Ledger): Record<string, [method: 'GET' | 'POST', Handler]> {
  return {
    '/transfers': ['POST', answered(transfer)],
    '/transfers/:it': ['GET', answered(transferById)],
    '/accounts': ['GET', answered(accounts)],
    '/accounts/:it': ['GET', answered(account)],
    '/events': [
      'GET',
      (ctx, request) => eventStream(ctx, follow(ctx, feed, lastEventId(request)), { retryMs: 1_000 }),
    ],
  }

  async function transfer(ctx: Context, request: HttpRequest) {
    const body = await shortBody(request, BODY_BYTES_MAX)
    if (body === undefined) return failed(413, 'REQUEST_TOO_LARGE', `at most ${BODY_BYTES_MAX} bytes`)
    let value: unknown
    try {
      value = JSON.parse(Buffer.from(body).toString())
    } catch (error) {
      return failed(400, 'REQUEST_NOT_JSON', `the body is not JSON: ${messageOf(error)}`)
    }
    const wanted = parseTransfer(value)
    if (!('id' in wanted)) return malformed(wanted)
    const { transfer, isNew } = await database.transact(ctx, 'transfer', {
      ...wanted,
      atMs: ctx.clock.wallMs(),
    })
    return json(transfer, { status: isNew ? 201 : 200, headers: { location: `/transfers/${transfer.id}` } })
  }

  async function transferById(ctx: Context, request: HttpRequest) {
    const id = idIn(request)
    const found = id === undefined ? undefined : await database.transact(ctx, 'transferById', id)
    return found ? json(found) : failed(404, 'LEDGER_UNKNOWN_TRANSFER', 'there is no such transfer')
  }

  async function accounts(ctx: Context) {
    const all = await database.transact(ctx, 'accounts')
    return json({ total: all.reduce((sum, { balance }) => sum + balance, 0), accounts: all })
  }

  /** From the cache, which has it as it is now. */
  async function account(ctx: Context, request: HttpRequest) {
    const id = idIn(request)
    const found = id === undefined ? undefined : await database.cache.read(ctx, keyOf(id), 'account', id)
    return found ? json(found) : failed(404, 'LEDGER_UNKNOWN_ACCOUNT', 'there is no such account')
  }
}

function malformed(issues: readonly Issue[]): HttpResponse {
  const message = issues
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ')
  return failed(400, 'REQUEST_INVALID', message, { details: { issues } })
}

/** What stands behind the second slash, where it is an id: what is none is nobody's. */
function idIn({ path }: HttpRequest): string | undefined {
  const id = path.slice(path.indexOf('/', 1) + 1).replaceAll(/%3a/gi, ':')
  return ID.test(id) ? id : undefined
}
