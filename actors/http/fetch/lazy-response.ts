/**
 * A `Response` that is kept as what it was made of: status, fields and body. It is made where the genuine one would be
 * made without complaint and without conversion, from text, bytes, a stream or nothing; all else is the platform's.
 *
 * The head stays here for good, with real `Headers` from when somebody looks at them. The body knows the rules of its
 * own (`LazyBody`).
 */
import { types } from 'node:util'
import { type Fields, fieldsOf, hasField, headersOf, textFields } from './fields.ts'
import type { Reading } from './genuine.ts'
import { LazyBody } from './lazy-body.ts'
import { wasRead } from './streams.ts'

/** What may stand in a status line behind the status. */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/

const TEXT_TYPE = textFields[1] as string

export class LazyResponse {
  readonly #status: number
  readonly #statusText: string
  readonly #fields: Fields
  #headers: Headers | undefined = undefined
  readonly #body: LazyBody | null

  private constructor(status: number, statusText: string, fields: Fields, body: LazyBody | null) {
    this.#status = status
    this.#statusText = statusText
    this.#fields = fields
    this.#body = body
  }

  /**
   * What `new Response(body, init)` gives.
   *
   * @param textType - the type of a text that is given none.
   * @returns undefined for what only the platform can judge.
   */
  static of(body: unknown, init: unknown, textType: string = TEXT_TYPE): LazyResponse | undefined {
    if (init === undefined && typeof body === 'string' && textType === TEXT_TYPE) {
      return new LazyResponse(200, '', textFields, new LazyBody(body))
    }
    if (init !== undefined && (typeof init !== 'object' || init === null)) return undefined
    const { status = 200, statusText = '', headers } = (init ?? {}) as Partial<Record<string, unknown>>
    if (!isStatus(status) || typeof statusText !== 'string' || !REASON.test(statusText)) return undefined
    const fields = fieldsOf(headers)
    if (fields === undefined) return undefined
    if (body === undefined || body === null) return new LazyResponse(status, statusText, fields, null)
    if (status === 204 || status === 205 || status === 304) return undefined
    const lazyBody = bodyOf(body)
    if (lazyBody === undefined) return undefined
    if (typeof body !== 'string' || hasField(fields, 'content-type')) {
      return new LazyResponse(status, statusText, fields, lazyBody)
    }
    return new LazyResponse(status, statusText, [...fields, 'content-type', textType], lazyBody)
  }

  static is(value: unknown): value is LazyResponse {
    return typeof value === 'object' && value !== null && #fields in value
  }

  /** For the server: what is to be sent. `fields` are as they are now. */
  static partsOf(response: LazyResponse): ResponseParts {
    const headers = response.#headers
    const fields = headers === undefined ? response.#fields : flat(headers)
    return { status: response.#status, fields, body: response.#body }
  }

  get type(): ResponseType {
    return 'default'
  }

  get url(): string {
    return ''
  }

  get redirected(): boolean {
    return false
  }

  get status(): number {
    return this.#status
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299
  }

  get statusText(): string {
    return this.#statusText
  }

  get headers(): Headers {
    this.#headers ??= headersOf(this.#fields)
    return this.#headers
  }

  get body(): ReadableStream | null {
    return this.#body === null ? null : this.#body.stream
  }

  get bodyUsed(): boolean {
    return this.#body?.isUsed ?? false
  }

  clone(): LazyResponse {
    const body = this.#body === null ? null : this.#body.fork()
    const fields = this.#headers === undefined ? this.#fields : flat(this.#headers)
    return new LazyResponse(this.#status, this.#statusText, fields, body)
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

  #read(how: Reading): Promise<unknown> {
    const body = this.#body ?? new LazyBody('')
    return body.read(how, this.headers.get('content-type'))
  }
}

export interface ResponseParts {
  readonly status: number
  readonly fields: Fields
  readonly body: LazyBody | null
}

type ResponseType = Response['type']

function isStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 200 && status <= 599 && Number.isInteger(status)
}

/** Bytes are copied, as Fetch has it: the caller may go on writing to its array. */
function bodyOf(body: unknown): LazyBody | undefined {
  if (typeof body === 'string') return new LazyBody(body)
  if (types.isUint8Array(body)) return isPlain(body.buffer) ? new LazyBody(new Uint8Array(body)) : undefined
  const isFresh = body instanceof ReadableStream && !body.locked && !wasRead(body)
  return isFresh ? new LazyBody(body) : undefined
}

/** Neither shared nor resizable: those are not taken. */
function isPlain(buffer: ArrayBufferLike): boolean {
  return buffer instanceof ArrayBuffer && (buffer as { resizable?: boolean }).resizable !== true
}

function flat(headers: Headers): Fields {
  const fields: string[] = []
  headers.forEach((value, name) => {
    fields.push(name, value)
  })
  return fields
}
