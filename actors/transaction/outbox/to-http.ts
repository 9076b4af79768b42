/**
 * A destination that is a web service: each message is a POST of JSON, and a 2xx acknowledges it.
 *
 * Rules: what may be different next time is tried again (no connection, 408, 425, 429, 5xx, and redirects, which are not
 * followed); what the service says about this very message is final (any other 4xx). Of the answer no more is read than is
 * needed to use the connection again.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { describe, PeerError } from '../../../runtime/errors.ts'
import type { System } from '../../../runtime/system/system.ts'
import { parseUtcText } from '../../../runtime/time/utc-text.ts'
import { misuse } from '../errors.ts'
import { type Delivery, type Destination, undeliverable } from './destination.ts'

export interface ToHttpOptions {
  /** Sent along, as `{ authorization: 'Bearer ...' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Put before the message's id, with a hyphen between, to make the `idempotency-key`: needed where the service gets messages
   * of several outboxes, since each counts from 1. Default: the id alone.
   */
  readonly source?: string
  /** Bytes of a body at most; a message that is longer is dead. Default 1,048,576. */
  readonly bodyBytesMax?: number
  /** Bytes of an answer that are read; a longer one costs its connection. Default 65,536. */
  readonly answerBytesMax?: number
  /** Default `concurrent`: see `Destination`. */
  readonly order?: 'concurrent' | 'strict'
  /** Default: Node's own. */
  readonly fetch?: typeof globalThis.fetch
}

/** The service could not be reached (`OUTBOX_HTTP_FAILED`), or did not take a message (`OUTBOX_HTTP_STATUS`): for now. */
export class HttpDeliveryError extends PeerError {
  readonly status: number | undefined
  /** Milliseconds that the service wants to be left alone, if it has said so. */
  readonly retryAfterMs: number | undefined

  constructor(code: string, message: string, options: HttpDeliveryDetails) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
  }
}

interface HttpDeliveryDetails {
  readonly status?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

const OPTIONS: readonly string[] = ['headers', 'source', 'bodyBytesMax', 'answerBytesMax', 'order', 'fetch']
const OURS: readonly string[] = ['content-type', 'idempotency-key', 'traceparent']

/** Characters of an answer that stand in an error. */
const SHOWN_MAX = 200

/**
 * Delivers by HTTP, with the fields `content-type: application/json`, `idempotency-key` (the message's id, the same at each
 * attempt) and `traceparent` (of the transaction that published it). `Retry-After` is heeded, up to the limit `retryMaxMs`.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`)
 */
export function toHttp(url: string | URL, options: ToHttpOptions = {}): Destination {
  const service = new Service(url, options)
  return { order: options.order ?? 'concurrent', deliver: (ctx, message) => service.post(ctx, message) }
}

class Service {
  private readonly url: URL
  private readonly options: Required<Omit<ToHttpOptions, 'order' | 'fetch'>>
  private readonly fetch: typeof globalThis.fetch

  constructor(url: string | URL, options: ToHttpOptions) {
    check(url, options)
    this.url = new URL(url)
    const { headers = {}, source = '', bodyBytesMax = 1_048_576, answerBytesMax = 65_536 } = options
    this.options = { headers, source, bodyBytesMax, answerBytesMax }
    // Looked up when it is called, since it may be replaced until then.
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  }

  async post(ctx: Context<typeof System>, { id, payload }: Delivery): Promise<void> {
    const { headers, source, bodyBytesMax } = this.options
    const body = JSON.stringify(payload)
    const bytes = Buffer.byteLength(body)
    if (bytes > bodyBytesMax) {
      throw undeliverable(`a body of ${bytes} bytes; at most ${bodyBytesMax} are sent (bodyBytesMax)`)
    }
    let response: Response
    let answer: string
    try {
      response = await this.fetch(this.url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'idempotency-key': source === '' ? `${id}` : `${source}-${id}`,
          traceparent: ctx.traceparent,
        },
        body,
        redirect: 'manual',
        signal: ctx.signal,
      })
      answer = await this.read(response)
    } catch (cause) {
      throw new HttpDeliveryError('OUTBOX_HTTP_FAILED', `POST ${this.name}: ${reasonOf(cause)}`, { cause })
    }
    if (!response.ok) throw this.refusal(ctx, response, answer)
  }

  private refusal(ctx: Context<typeof System>, { status, headers }: Response, answer: string): Error {
    const shown = answer.slice(0, SHOWN_MAX).trim()
    const message = `POST ${this.name}: ${status}${shown === '' ? '' : ` ${shown}`}`
    const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429
    if (isFinal) return undeliverable(message)
    const retryAfterMs = delayOf(headers.get('retry-after'), ctx.clock.wallMs())
    return new HttpDeliveryError('OUTBOX_HTTP_STATUS', message, { status, retryAfterMs })
  }

  /** The answer's beginning, read to its end where that is near. */
  private async read(response: Response): Promise<string> {
    if (response.body === null) return ''
    const { answerBytesMax } = this.options
    const parts: Uint8Array[] = []
    let bytes = 0
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      bytes += value.byteLength
      if (bytes > answerBytesMax) {
        await reader.cancel()
        break
      }
    }
    return Buffer.concat(parts).toString()
  }

  /** Without what may be secret in it. */
  private get name(): string {
    return `${this.url.origin}${this.url.pathname}`
  }
}

/** Node's fetch says what has failed in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? describe(error) : `${describe(error)}: ${describe(cause)}`
}

/** `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3). */
function delayOf(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const atMs = parseUtcText(text)
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs)
}

function check(url: string | URL, options: ToHttpOptions): void {
  if (!/^https?:$/.test(URL.canParse(`${url}`) ? new URL(url).protocol : '')) {
    throw misuse('TRANSACTION_OPTION_INVALID', `toHttp takes an http: or https: URL, not ${String(url)}`)
  }
  const { username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      'toHttp takes no URL with a password: give it as a field, authorization',
    )
  }
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `no option of toHttp is named "${name}"; there are ${OPTIONS.join(', ')}`,
      )
    }
    if (name.endsWith('BytesMax') && !(Number.isInteger(value) && (value as number) >= 1)) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `option ${name} of toHttp is a whole number from 1, not ${String(value)}`,
      )
    }
  }
  const taken = Object.keys(options.headers ?? {}).find((name) => OURS.includes(name.toLowerCase()))
  if (taken !== undefined) {
    throw misuse('TRANSACTION_OPTION_INVALID', `the field ${taken} is set by toHttp itself`)
  }
}
