/**
 * A `Request` that is kept as what the server has of it: head, body and context. Headers, signal and stream are made when
 * somebody asks for them, and a genuine request when the platform is to be given one (`toGenuine`).
 */
import type { Context } from '../../../runtime/context/context.ts'
import { REQUEST_DONE } from '../failure.ts'
import type { CurrentRequest, HttpRequest } from '../request.ts'
import { genuine, type Reading, toGenuine } from './genuine.ts'
import { LazyBody } from './lazy-body.ts'

export class LazyRequest {
  readonly #request: HttpRequest
  readonly #method: string
  readonly #url: string
  #headers: Headers | undefined = undefined
  #signal: AbortSignal | undefined = undefined
  /** Null where there is none, undefined where nobody has asked. */
  #body: LazyBody | null | undefined = undefined

  constructor(request: HttpRequest, url: string) {
    this.#request = request
    this.#method = normalMethod(request.method)
    this.#url = url
  }

  static is(value: unknown): value is LazyRequest {
    return typeof value === 'object' && value !== null && #request in value
  }

  get method(): string {
    return this.#method
  }

  get url(): string {
    return this.#url
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      const headers = new Headers()
      for (const [name, value] of this.#request.headers) headers.append(name, value)
      this.#headers = headers
    }
    return this.#headers
  }

  get signal(): AbortSignal {
    this.#signal ??= leavingSignal(this.#request.ctx)
    return this.#signal
  }

  get duplex(): 'half' {
    return 'half'
  }

  get body(): ReadableStream | null {
    return this.#lazyBody?.stream ?? null
  }

  get bodyUsed(): boolean {
    return this.#lazyBody?.isUsed ?? false
  }

  clone(): Request {
    return this.#genuine(this.#lazyBody?.fork().stream)
  }

  arrayBuffer(): Promise<unknown> {
    return this.#read('arrayBuffer')
  }

  blob(): Promise<unknown> {
    return this.#read('blob')
  }

  bytes(): Promise<unknown> {
    return this.#read('bytes')
  }

  formData(): Promise<unknown> {
    return this.#read('formData')
  }

  json(): Promise<unknown> {
    return this.#read('json')
  }

  text(): Promise<unknown> {
    return this.#read('text')
  }

  /** A genuine request for the platform. It shares the body: what reads the one has read the other. */
  [toGenuine](): Request {
    const body = this.#lazyBody
    if (body === null) return this.#genuine()
    if (body.isUsable) return this.#genuine(body.stream)
    // A stream that was read or is being read makes no request, but the request that it belongs to still has its head.
    const spent = new ReadableStream()
    const request = this.#genuine(spent)
    void spent.cancel()
    return request
  }

  /** Fetch knows no body of GET and HEAD; should one come, it is skipped. */
  get #lazyBody(): LazyBody | null {
    if (this.#body === undefined) {
      const hasBody =
        this.#request.head.bodyKind !== 'none' && this.#method !== 'GET' && this.#method !== 'HEAD'
      this.#body = hasBody ? new LazyBody(this.#request.body) : null
    }
    return this.#body
  }

  #read(how: Reading): Promise<unknown> {
    const body = this.#lazyBody ?? new LazyBody('')
    const headers = this.#headers ?? this.#request.headers
    return body.read(how, headers.get('content-type') ?? null)
  }

  #genuine(body?: ReadableStream): Request {
    const { method, headers, signal } = this
    const { Request } = genuine()
    return new Request(this.#url, {
      method,
      headers,
      signal,
      ...(body && { body, duplex: 'half' }),
    })
  }
}

/** Methods that Fetch does not have: making a request of one throws. */
const FORBIDDEN = /^(?:connect|trace|track)$/i

export function isForbiddenMethod(method: string): boolean {
  return FORBIDDEN.test(method)
}

/** Fetch standard, "normalize a method": these six are written in capitals, all others as they came. */
function normalMethod(method: string): string {
  switch (method) {
    case 'GET':
    case 'POST':
    case 'PUT':
    case 'DELETE':
    case 'HEAD':
    case 'OPTIONS':
    case 'PATCH':
      return method
    default:
      return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method
  }
}

/** Aborted when the work for a request is called off: the client has left, or its time is over. */
function leavingSignal(ctx: Context<typeof CurrentRequest>): AbortSignal {
  const controller = new AbortController()
  ctx.onCancel(({ reason }) => {
    if (reason !== REQUEST_DONE) controller.abort(ctx.failure())
  })
  return controller.signal
}
