/** The first face: a function from a request to its response, and the options of the protocol. */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Protocol } from '../connection/protocol.ts'
import type { Respond } from './answer.ts'
import { type AnyRespond, HttpConversation, type HttpSettings } from './conversation.ts'
import { HttpDate } from './date.ts'
import { type Compression, type CompressionOptions, createCompression } from './helpers/compression.ts'
import { createHttpLimits, type HttpLimits } from './limits.ts'
import { ConnectionFace, type Serve } from './requests.ts'

export interface HttpOptions<K extends AnyKey> {
  /** One face: called for each request. */
  readonly respond?: Respond<K>
  /** Another: a generator for each connection, which takes requests and yields their responses. */
  readonly serve?: Serve<K>
  readonly limits?: Partial<HttpLimits>
  /** Bodies are compressed for clients that take it. Default false: mind what `compress` says of secrets. */
  readonly compression?: boolean | CompressionOptions
  /** A body in chunks, whose length nobody knows beforehand, is refused with 411. Default false. */
  readonly lengthRequired?: boolean
}

/**
 * HTTP/1.1 and 1.0 as a protocol for `listen`.
 *
 * @throws UsageError (`HTTP_FACE`) unless exactly one of `respond` and `serve` is given; (`HTTP_LIMIT_UNKNOWN`,
 *   `HTTP_LIMIT_INVALID`) for limits that are not; (`HTTP_COMPRESSION_INVALID`) for such options.
 */
export function http<K extends AnyKey = never>(options: HttpOptions<K>): Protocol<K> {
  const { respond, serve } = options
  if ((respond === undefined) === (serve === undefined)) {
    throw new UsageError('HTTP_FACE', 'http takes either `respond` or `serve`')
  }
  const settings: HttpSettings = {
    limits: createHttpLimits(options.limits),
    isLengthRequired: options.lengthRequired ?? false,
    compression: compressionOf(options.compression),
    date: new HttpDate(),
  }
  return {
    name: 'http',
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
