/** The first face: a function from a request to its response, and the options of the protocol. */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Protocol } from '../connection/protocol.ts'
import type { Respond } from './answer.ts'
import { type AnyRespond, HttpConversation, type HttpSettings } from './conversation.ts'
import { HttpDate } from './date.ts'
import { type Fetch, respondWith } from './fetch/face.ts'
import { type Compression, type CompressionOptions, createCompression } from './helpers/compression.ts'
import { createHttpLimits, type HttpLimits } from './limits.ts'
import { ConnectionFace, type Serve } from './serve.ts'

export interface HttpOptions<K extends AnyKey> {
  /** One face: called for each request. */
  readonly respond?: Respond<K>
  /** Another: a generator for each connection, which takes requests and yields their responses. */
  readonly serve?: Serve<K>
  /** The third: a handler of the Fetch standard, as Hono's `app.fetch`. */
  readonly fetch?: Fetch<K>
  /**
   * For `fetch`: the global `Request`, `Response` and `fetch` are replaced by ones that are cheaper to make and else
   * behave the same. Default true. Without it all goes on working, slower.
   */
  readonly replaceGlobals?: boolean
  readonly limits?: Partial<HttpLimits>
  /** Bodies are compressed for clients that take it. Default false: mind what `compress` says of secrets. */
  readonly compression?: boolean | CompressionOptions
  /** A body in chunks, whose length nobody knows beforehand, is refused with 411. Default false. */
  readonly lengthRequired?: boolean
}

/**
 * HTTP/1.1 and 1.0 as a protocol for `listen`.
 *
 * @throws UsageError (`HTTP_FACE`) unless exactly one of `respond`, `serve` and `fetch` is given; (`HTTP_LIMIT_UNKNOWN`,
 *   `HTTP_LIMIT_INVALID`) for limits that are not; (`HTTP_COMPRESSION_INVALID`) for such options.
 */
export function http<K extends AnyKey = never>(options: HttpOptions<K>): Protocol<K> {
  const { serve, fetch } = options
  if ([options.respond, serve, fetch].filter((face) => face !== undefined).length !== 1) {
    throw new UsageError('HTTP_FACE', 'http takes one of `respond`, `serve` and `fetch`')
  }
  const respond = fetch === undefined ? options.respond : respondWith(fetch, options.replaceGlobals ?? true)
  const settings: HttpSettings = {
    limits: createHttpLimits(options.limits),
    isLengthRequired: options.lengthRequired ?? false,
    compression: compressionOf(options.compression),
    date: new HttpDate(),
  }
  return {
    name: 'http',
    alpn: ['http/1.1'],
    converse(ctx: Context<K>, connection: Connection) {
      if (respond !== undefined)
        return new HttpConversation(ctx, connection, settings, respond as AnyRespond).run()
      return new ConnectionFace(ctx, connection, serve as Serve<K>).converse(settings)
    },
  }
}

function compressionOf(option: boolean | CompressionOptions | undefined): Compression | undefined {
  if (option === undefined || option === false) return undefined
  return createCompression(option === true ? {} : option)
}
