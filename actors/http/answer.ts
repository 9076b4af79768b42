/** What handlers are given and what they give back. */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Refused } from '../stage/refused.ts'
import type { CurrentRequest, HttpRequest } from './request.ts'
import type { HttpResponse } from './response.ts'
import type { HttpUpgrade } from './upgrade.ts'

/**
 * What an answer comes to: a response, the connection handed over to another protocol, or a stage's refusal, which is
 * answered with 503 and `Retry-After`.
 */
export type Answered = HttpResponse | HttpUpgrade | Refused

/** What a handler gives: an answer, or a deferred or promise of one. */
export type Answer = Answered | PromiseLike<Answered>

/** Answers one request. `ctx` is the request's own: cancelled when the client goes away or the time is over. */
export type Respond<K extends AnyKey> = (
  ctx: Context<K | typeof CurrentRequest>,
  request: HttpRequest,
) => Answer
