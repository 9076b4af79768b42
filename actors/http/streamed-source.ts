/** Takes pieces one by one from an iterable, synchronous or not, and tells when the next one is there. */

import { isThenable } from '../../runtime/deferred/thenable.ts'
import { describe } from '../../runtime/errors.ts'
import type { Streamed } from './response.ts'

type Piece = Uint8Array | string

export class StreamedSource {
  private readonly iterator: AsyncIterator<Piece> | Iterator<Piece>
  private readonly onReady: () => void
  private step: IteratorResult<Piece> | undefined = undefined
  private failure: { readonly error: unknown } | undefined = undefined
  private isPulling = false
  private isOver = false

  constructor(source: Streamed, onReady: () => void) {
    this.onReady = onReady
    this.iterator =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : (source as Iterable<Piece>)[Symbol.iterator]()
  }

  /** Asks for the next piece, once. */
  pull(): void {
    if (this.isPulling || this.isReady) return
    this.isPulling = true
    try {
      const step = this.iterator.next()
      if (isThenable(step)) step.then(this.arrived, this.failed)
      else this.settle(step)
    } catch (error) {
      this.isPulling = false
      this.failure = { error }
    }
  }

  /** The piece that was asked for, or the end, or a failure is there. */
  get isReady(): boolean {
    return this.step !== undefined || this.failure !== undefined
  }

  /** @throws what the source threw, if it has. */
  throwIfFailed(): void {
    if (this.failure !== undefined) this.take()
  }

  /** @returns the piece, or undefined at the end. @throws what the source threw. */
  take(): Piece | undefined {
    const { step, failure } = this
    if (failure !== undefined) {
      this.isOver = true
      throw failure.error
    }
    this.step = undefined
    if (step?.done === true) {
      this.isOver = true
      return undefined
    }
    const piece: unknown = step?.value
    if (typeof piece === 'string' || piece instanceof Uint8Array) return piece
    throw new TypeError(`a stream gives text or bytes, not ${describe(piece)}`)
  }

  /** No more is wanted: the source is told, if it has not ended by itself. */
  release(): void {
    if (this.isOver) return
    this.isOver = true
    try {
      const done = this.iterator.return?.()
      if (isThenable(done)) done.then(undefined, () => {})
    } catch {
      // It was asked to clean up, and could not; there is nobody left to tell but the client, who has gone.
    }
  }

  private readonly arrived = (step: IteratorResult<Piece>): void => {
    this.settle(step)
    this.onReady()
  }

  private readonly failed = (error: unknown): void => {
    this.isPulling = false
    this.failure = { error }
    this.onReady()
  }

  private settle(step: IteratorResult<Piece>): void {
    this.isPulling = false
    this.step = step
  }
}
