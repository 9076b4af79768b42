/**
 * A body as Fetch knows it: read once, as a whole or as a stream. The stream is made when somebody asks for it, which
 * most never do: it costs more than all else of a response.
 *
 * Rules: what Fetch says of a body holds for this one: `bodyUsed`, a second reading, a locked stream, chunks that belong
 * to their reader. What is whole is sent as a whole, also when its stream was passed on unread, as middleware does
 * (`new Response(response.body, response)`).
 */
import { UsageError } from '../../../runtime/errors.ts'
import { RequestBody } from '../request-body.ts'
import type { Streamed } from '../response.ts'
import { type Reading, readGenuine } from './genuine.ts'
import { incomingStream, readIncoming } from './incoming-body.ts'
import { StreamPieces, spentStream, utf8, wasRead, wholeStream } from './streams.ts'

/** What a body is made of, when it is no stream. Bytes are ours: nobody else may change them. */
export type Held = string | Uint8Array<ArrayBuffer> | RequestBody

/** What the streams were made of that were made here. As long as one was not read, that can be taken in its place. */
const madeOf = new WeakMap<ReadableStream, Held>()

export class LazyBody {
  #held: Held | undefined
  #stream: ReadableStream | undefined
  /** It was read, and never had a stream. */
  #isSpent = false

  constructor(source: Held | ReadableStream) {
    if (source instanceof ReadableStream) this.#stream = source
    else this.#held = source
  }

  get stream(): ReadableStream {
    if (this.#stream === undefined) {
      this.#stream = this.#isSpent ? spentStream() : streamOf(this.#held as Held)
      this.#held = undefined
    }
    return this.#stream
  }

  /** `bodyUsed` of Fetch. */
  get isUsed(): boolean {
    return this.#stream === undefined ? this.#isSpent : wasRead(this.#stream)
  }

  /** It can still be read: neither was it used, nor does somebody hold a reader. */
  get isUsable(): boolean {
    return !this.isUsed && this.#stream?.locked !== true
  }

  /** Reads it as a whole. `type` is the message's content type. */
  read(how: Reading, type: string | null): Promise<unknown> {
    if (!this.isUsable) return Promise.reject(unusable())
    if (this.#stream !== undefined) return readGenuine(this.#stream, how, type)
    const held = this.#spend()
    if (held instanceof RequestBody) return readIncoming(held, how, type)
    return readGenuine(typeof held === 'string' ? utf8(held) : held, how, type)
  }

  /** A second body with the same content, for `clone`. @throws TypeError where Fetch does: it was read, or is locked. */
  fork(): LazyBody {
    if (!this.isUsable) throw unusable()
    const held = this.#held
    if (held !== undefined && !(held instanceof RequestBody)) return new LazyBody(held)
    const { stream } = this
    const whole = madeOf.get(stream)
    const [mine, other] = stream.tee()
    if (whole !== undefined && !(whole instanceof RequestBody)) {
      madeOf.set(mine, whole)
      madeOf.set(other, whole)
    }
    this.#stream = mine
    return new LazyBody(other)
  }

  /**
   * Takes it to be sent: it is used from now on.
   *
   * @throws UsageError (`HTTP_BODY_USED`) if it was read, or somebody holds a reader of it.
   */
  take(): string | Uint8Array | Streamed {
    if (!this.isUsable) {
      const what = this.isUsed ? 'has been read or sent before' : 'is locked to a reader'
      throw new UsageError('HTTP_BODY_USED', `the body of a response ${what}: it can be sent once`)
    }
    const stream = this.#stream
    if (stream === undefined) return this.#spend()
    const whole = madeOf.get(stream)
    if (whole === undefined) return new StreamPieces(stream)
    void stream.cancel()
    return whole
  }

  /** Nobody wants it: its source is told, if it has one. */
  discard(): void {
    if (this.#stream === undefined) this.#isSpent = true
    else if (!this.#stream.locked) this.#stream.cancel().catch(() => {})
  }

  #spend(): Held {
    const held = this.#held as Held
    this.#isSpent = true
    this.#held = undefined
    return held
  }
}

/** A stream of it, whose chunks belong to whoever reads them. */
function streamOf(held: Held): ReadableStream {
  const stream = held instanceof RequestBody ? incomingStream(held) : wholeStream(held)
  madeOf.set(stream, held)
  return stream
}

function unusable(): TypeError {
  return new TypeError('Body is unusable: it has been read, or is locked to a reader')
}
