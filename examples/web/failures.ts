/** What the ledger answers where it does not do what was asked: JSON, with a stable code and a message for people. */
import { type Context, codeOf, OverloadError } from 'greenroom'
import { type HttpRequest, type HttpResponse, json, type ResponseHeaders } from 'greenroom/actors'
import { DOUBTS, TROUBLES } from '../troubles.ts'

/** What the client is to put right. */
const REFUSALS: Readonly<Record<string, number>> = {
  LEDGER_OVERDRAFT: 409,
  LEDGER_ID_TAKEN: 409,
  LEDGER_UNKNOWN_ACCOUNT: 422,
}

const IN_DOUBT =
  'nobody knows whether it was done: GET /transfers/:id tells, and to post the same again does no harm'

/** Milliseconds, where nobody knows better. */
const RETRY_AFTER_MS = 1_000

type Handler = (ctx: Context, request: HttpRequest) => Promise<HttpResponse>

/** The handler, with its failures answered. */
export function answered(handle: Handler): Handler {
  return async (ctx, request) => {
    try {
      return await handle(ctx, request)
    } catch (error) {
      return answerTo(ctx, error)
    }
  }
}

export interface FailedOptions {
  readonly headers?: ResponseHeaders
  /** What stands beside code and message. */
  readonly details?: object
}

export function failed(
  status: number,
  code: string,
  message: string,
  { headers, details }: FailedOptions = {},
): HttpResponse {
  return json({ error: { code, message, ...details } }, { status, ...(headers && { headers }) })
}

function answerTo(ctx: Context, error: unknown): HttpResponse {
  const code = codeOf(error)
  const status = REFUSALS[code]
  if (status !== undefined) return failed(status, code, messageOf(error))
  if (error instanceof OverloadError) return later(code, messageOf(error), retryAfterMsOf(error))
  const isInDoubt = DOUBTS.includes(code)
  // The client that left, and what nobody has thought of: the server knows what to do with these.
  if (!isInDoubt && !TROUBLES.includes(code)) throw error
  ctx.log.warn({ code, error }, 'the database has trouble')
  return later(code, isInDoubt ? IN_DOUBT : messageOf(error), RETRY_AFTER_MS)
}

function later(code: string, message: string, retryAfterMs: number): HttpResponse {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  return failed(503, code, message, { headers: { 'retry-after': String(seconds) } })
}

function retryAfterMsOf(error: OverloadError): number {
  const { retryAfterMs } = error as { readonly retryAfterMs?: unknown }
  return typeof retryAfterMs === 'number' ? retryAfterMs : RETRY_AFTER_MS
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
