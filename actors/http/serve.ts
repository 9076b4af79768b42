/**
 * The second face: a generator for each connection.
 *
 *     async function* webServer(ctx, connection) {
 *       for await (const request of connection.requests) yield respondTo(ctx, request)
 *     }
 *
 * It takes the requests of its connection one by one and yields a response for each, in order: state that belongs to
 * a connection is a local variable. When the connection ends, `requests` ends; when the generator returns, the
 * connection is closed. A generator that throws answers with 500, and its connection is closed too.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { codeOf, describe, UsageError } from '../../runtime/errors.ts'
import type { Address } from '../../runtime/loop/poller.ts'
import type { Connection } from '../connection/connection.ts'
import type { Answer, Answered } from './answer.ts'
import { HttpConversation, type HttpSettings } from './conversation.ts'
import type { HttpRequest } from './request.ts'
import { text } from './response.ts'

/** What a generator sees of its connection. */
export interface HttpConnection {
  readonly requests: AsyncIterable<HttpRequest>
  readonly remote: Address | undefined
}

export type Serve<K extends AnyKey> = (
  ctx: Context<K>,
  connection: HttpConnection,
) => AsyncIterator<Answer, unknown, undefined>

type NextRequest = IteratorResult<HttpRequest, undefined>
const END = { done: true, value: undefined } as const

export class ConnectionFace<K extends AnyKey> implements HttpConnection {
  private readonly ctx: Context<K>
  private readonly connection: Connection
  private readonly answers: AsyncIterator<Answer, unknown, undefined>
  private waiting: ((request: NextRequest) => void) | undefined = undefined
  private pending: HttpRequest | undefined = undefined
  /** What the generator does next. It goes on as soon as its response was taken, and need not wait for a request. */
  private step: Promise<IteratorResult<Answer, unknown>> | undefined = undefined
  private isAsked = false
  private isOver = false

  constructor(ctx: Context<K>, connection: Connection, serve: Serve<K>) {
    this.ctx = ctx
    this.connection = connection
    this.answers = serve(ctx, this)
  }

  readonly requests: AsyncIterable<HttpRequest> = {
    [Symbol.asyncIterator]: () => ({
      next: () => this.next(),
      return: () => Promise.resolve(END),
    }),
  }

  get remote(): Address | undefined {
    return this.connection.remote
  }

  *converse(settings: HttpSettings): Generator<void, void, void> {
    const respond = (_ctx: unknown, request: HttpRequest) => this.answerTo(request)
    try {
      yield* new HttpConversation(this.ctx, this.connection, settings, respond).run()
    } finally {
      this.end()
    }
  }

  private async answerTo(request: HttpRequest): Promise<Answered> {
    this.isAsked = true
    this.offer(request)
    const step = await (this.step ?? this.answers.next()).catch((error: unknown) => {
      request.closeAfter()
      throw error
    })
    this.isAsked = false
    if (step.done === true) {
      request.closeAfter()
      return text('the server has ended this connection\n', { status: 503 })
    }
    if (this.pending === request) {
      request.closeAfter()
      throw new UsageError('HTTP_ANSWER_UNASKED', 'a response was yielded before its request was taken')
    }
    this.goOn()
    return step.value
  }

  private goOn(): void {
    this.step = this.answers.next().then(
      (step) => {
        if (step.done === true) this.leave()
        return step
      },
      (error: unknown) => {
        if (this.isAsked) throw error
        this.ctx.log.error(
          { code: codeOf(error), error },
          `a connection's generator failed: ${describe(error)}`,
        )
        this.leave()
        return END
      },
    )
  }

  /** The generator has nothing more to say: its connection is closed as if the server were stopping. */
  private leave(): void {
    this.isOver = true
    this.connection.isDraining = true
    this.connection.wake()
  }

  private offer(request: HttpRequest): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting === undefined) this.pending = request
    else waiting({ done: false, value: request })
  }

  private next(): Promise<NextRequest> {
    const { pending } = this
    this.pending = undefined
    if (pending !== undefined) return Promise.resolve({ done: false, value: pending })
    if (this.isOver) return Promise.resolve(END)
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  /** The connection has ended: the generator's loop does too, and its `finally` blocks run. */
  private end(): void {
    this.isOver = true
    this.waiting?.(END)
    this.waiting = undefined
    void this.answers.return?.().then(undefined, (error: unknown) => {
      this.ctx.log.error(
        { code: codeOf(error), error },
        `a connection's generator failed: ${describe(error)}`,
      )
    })
  }
}
