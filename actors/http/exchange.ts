/**
 * One request and its answer, while the answer is awaited: the answer's arrival, from wherever it comes, wakes the
 * conversation.
 */
import type { CancelScope } from '../../runtime/context/cancellation.ts'
import { describe, OverloadError, PeerError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import type { HttpRequest } from './request.ts'
import { HttpResponse, isStreamed, text } from './response.ts'
import { StreamedSource } from './streamed-source.ts'

export class Exchange {
  readonly request: HttpRequest
  readonly scope: CancelScope
  response: HttpResponse | undefined = undefined
  /** What the handler threw. */
  failure: { readonly error: unknown } | undefined = undefined
  /** Nobody waits for the answer any more. */
  isAbandoned = false
  /** Its time was over before the handler answered. */
  isLate = false
  private readonly connection: Connection

  constructor(request: HttpRequest, scope: CancelScope, connection: Connection) {
    this.request = request
    this.scope = scope
    this.connection = connection
  }

  get isAnswered(): boolean {
    return this.response !== undefined || this.failure !== undefined
  }

  /** Takes what the handler returned. */
  take(result: unknown): void {
    if (result instanceof HttpResponse) {
      this.response = result
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

  fail(error: unknown): void {
    this.failure = { error }
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

/**
 * The answer to a failure: what a peer did wrong is told in one line, what we did wrong is not told, and what was too
 * much for us may be asked again.
 */
export function responseTo(error: unknown): HttpResponse {
  if (error instanceof OverloadError) return text('Service Unavailable\n', { status: 503 })
  if (error instanceof ConnectionTimeoutError) {
    return text('the request took too long to arrive\n', { status: 408 })
  }
  if (!(error instanceof PeerError)) return text('Internal Server Error\n', { status: 500 })
  const { status, reason } = error as { status?: unknown; reason?: unknown }
  const isRefusal = typeof status === 'number' && status >= 400 && status <= 599 && typeof reason === 'string'
  return isRefusal ? text(`${reason}\n`, { status }) : text('Internal Server Error\n', { status: 500 })
}
