/**
 * One request and its answer, while the answer is awaited: the answer's arrival, from wherever it comes, wakes the
 * conversation.
 */
import type { CancelScope } from '../../runtime/context/cancellation.ts'
import { describe, UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { isRefused } from '../stage/refused.ts'
import { responseToRefusal } from './failure.ts'
import type { HttpRequest } from './request.ts'
import { HttpResponse, isStreamed } from './response.ts'
import { StreamedSource } from './streamed-source.ts'
import { HttpUpgrade } from './upgrade.ts'

export class Exchange {
  readonly request: HttpRequest
  readonly scope: CancelScope
  response: HttpResponse | undefined = undefined
  /** The connection is to be handed over instead. */
  upgrade: HttpUpgrade | undefined = undefined
  /** What the handler threw. */
  failure: { readonly error: unknown } | undefined = undefined
  /** Nobody waits for the answer any more. */
  isAbandoned = false
  /** The answer is being sent: whoever sends it gives back what it holds. */
  isSending = false
  /** Its time was over before the handler answered. */
  isLate = false
  private readonly connection: Connection

  constructor(request: HttpRequest, scope: CancelScope, connection: Connection) {
    this.request = request
    this.scope = scope
    this.connection = connection
  }

  get isAnswered(): boolean {
    return this.response !== undefined || this.failure !== undefined || this.upgrade !== undefined
  }

  /** Takes what the handler returned. */
  take(result: unknown): void {
    if (result instanceof HttpResponse) {
      this.response = result
      if (this.request.method === 'CONNECT') this.checkTunnel(result)
    } else if (result instanceof HttpUpgrade) {
      this.upgrade = result
    } else if (isRefused(result)) {
      this.response = responseToRefusal(result)
    } else if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
      ;(result as PromiseLike<unknown>).then(
        (value) => {
          if (this.isOver) drop(value)
          else this.arrive(() => this.take(value))
        },
        (error) => {
          if (!this.isOver) this.arrive(() => this.fail(error))
        },
      )
    } else {
      this.fail(new TypeError(`a handler gives a response, or a promise of one, not ${describe(result)}`))
    }
  }

  /** Nobody waits for the answer any more: what it holds is given back, also if it has arrived and waits to be sent. */
  abandon(): void {
    this.isAbandoned = true
    if (!this.isSending) drop(this.response)
  }

  fail(error: unknown): void {
    this.failure = { error }
  }

  /** To CONNECT, 2xx means that what follows is a tunnel; a client would take a body for what comes through it. */
  private checkTunnel({ status }: HttpResponse): void {
    if (status > 299) return
    drop(this.response)
    this.response = undefined
    this.fail(new UsageError('HTTP_CONNECT_ANSWER', `${status} to CONNECT opens a tunnel: use tunnel()`))
  }

  /** What comes now comes too late. */
  private get isOver(): boolean {
    return this.isAnswered || this.isAbandoned
  }

  private arrive(settle: () => void): void {
    settle()
    this.connection.wake()
  }
}

/** A response that nobody waits for: where its body holds something, that is given back. */
function drop(result: unknown): void {
  if (!(result instanceof HttpResponse && isStreamed(result.body))) return
  try {
    new StreamedSource(result.body, () => {}).release()
  } catch {
    // It cannot even be begun, so that it holds nothing that could be given back.
  }
}
