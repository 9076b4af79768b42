/**
 * The body of one message, pulled piece by piece.
 *
 * Rules: nothing is read that is not asked for, so whoever stops calling `read` stops the peer, as soon as the input is
 * at its high-water mark. Pieces are views of the received bytes: valid for good, never to be written to.
 */
import type { Input } from '../../connection/input.ts'
import type { HttpLimits } from '../limits.ts'
import { type BodyPieces, readChunked, readExactly } from './chunked.ts'
import type { Framing } from './framing.ts'
import { HeaderFields } from './headers.ts'

export class BodyDecoder {
  readonly #pieces: BodyPieces | undefined
  #done: boolean
  #failure: unknown = undefined
  #trailers = HeaderFields.none

  constructor(framing: Pick<Framing, 'bodyKind' | 'contentLength'>, input: Input, limits: HttpLimits) {
    this.#pieces = framing.bodyKind === 'none' ? undefined : piecesOf(framing, input, limits)
    this.#done = this.#pieces === undefined
  }

  /** Whether the whole body was read. The input then stands at the next request. */
  get done(): boolean {
    return this.#done
  }

  /** The fields behind a chunked body, once it is `done`; before that, and for any other body, none. */
  get trailers(): HeaderFields {
    return this.#trailers
  }

  /**
   * The next piece, at least one byte and at most what one received chunk holds. `undefined` if there is none: either
   * the body is `done`, or more input must come first.
   *
   * @throws HttpError (400, 413 or 431: see `HttpErrorCode`), the same one on every further call.
   */
  read(): Buffer | undefined {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#pieces === undefined || this.#done) return undefined
    try {
      const step = this.#pieces.next()
      if (!step.done) return step.value
      this.#trailers = step.value
      this.#done = true
      return undefined
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}

function piecesOf(
  framing: Pick<Framing, 'bodyKind' | 'contentLength'>,
  input: Input,
  limits: HttpLimits,
): BodyPieces {
  return framing.bodyKind === 'chunked'
    ? readChunked(input, limits)
    : readLength(input, framing.contentLength)
}

function* readLength(input: Input, contentLength: number): BodyPieces {
  yield* readExactly(input, contentLength)
  return HeaderFields.none
}
