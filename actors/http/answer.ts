/** What handlers are given and what they give back. */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { CurrentRequest, HttpRequest } from './request.ts'
import type { HttpResponse } from './response.ts'
import type { HttpUpgrade } from './upgrade.ts'

/** What a handler gives: a response, or the connection to another protocol; or a deferred or promise of either. */
export type Answer = HttpResponse | HttpUpgrade | PromiseLike<HttpResponse | HttpUpgrade>

/** Answers one request. `ctx` is the request's own: cancelled when the client goes away or the time is over. */
export type Respond<K extends AnyKey> = (
  ctx: Context<K | typeof CurrentRequest>,
  request: HttpRequest,
) => Answer
