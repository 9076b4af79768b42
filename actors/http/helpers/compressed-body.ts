/**
 * A body in pieces, compressed on its way. What it costs is bounded: one piece of the source, one piece of output, and
 * the encoder's own memory, which is taken when the first piece is asked for and given back when nobody reads on.
 */
import type { Transform } from 'node:stream'
import type { Streamed } from '../response.ts'
import { StreamedSource } from '../streamed-source.ts'

/** One of node:zlib's. */
export type Encoder = Transform & { flush(kind: number, callback: () => void): void }

type Piece = IteratorResult<Uint8Array, undefined>
const END: Piece = { done: true, value: undefined }

export class CompressedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  private readonly source: StreamedSource
  private readonly createEncoder: () => Encoder
  private readonly flushKind: number
  private encoder: Encoder | undefined = undefined
  private output: AsyncIterator<Uint8Array> | undefined = undefined
  private onSource: (() => void) | undefined = undefined
  private isOver = false

  /** @param flushKind - what makes the encoder give out all that it was given so far. */
  constructor(source: Streamed, createEncoder: () => Encoder, flushKind: number) {
    this.source = new StreamedSource(source, () => this.onSource?.())
    this.createEncoder = createEncoder
    this.flushKind = flushKind
  }

  async next(): Promise<Piece> {
    if (this.isOver) return END
    this.output ??= this.begin()
    try {
      const { done, value } = await this.output.next()
      if (done !== true && !this.isOver) return { done: false, value }
    } catch (error) {
      if (!this.isOver) throw error
    }
    return END
  }

  /** Nobody reads on: the source is told, and the encoder's memory is freed. */
  return(): Promise<Piece> {
    this.isOver = true
    this.source.release()
    this.encoder?.destroy()
    this.onSource?.()
    return Promise.resolve(END)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  private begin(): AsyncIterator<Uint8Array> {
    const encoder = this.createEncoder()
    this.encoder = encoder
    const output = encoder[Symbol.asyncIterator]()
    this.feed(encoder).catch((error: unknown) => {
      this.source.release()
      encoder.destroy(error as Error)
    })
    return output
  }

  /** Gives the encoder piece after piece: it takes one when its output has been read. */
  private async feed(encoder: Encoder): Promise<void> {
    const { source } = this
    let isWithheld = false
    source.pull()
    for (;;) {
      if (!source.isReady) {
        // Whoever waits for what comes next is not kept from what was there before.
        if (isWithheld) await this.flush(encoder)
        isWithheld = false
        while (!source.isReady && !this.isOver) await this.sourceReady()
      }
      if (this.isOver) return
      const piece = source.take()
      if (piece === undefined) break
      source.pull()
      if (piece.length === 0) continue
      await write(encoder, piece)
      isWithheld = true
    }
    encoder.end()
  }

  private sourceReady(): Promise<void> {
    return new Promise((resolve) => {
      this.onSource = resolve
    })
  }

  private flush(encoder: Encoder): Promise<void> {
    return new Promise((resolve) => encoder.flush(this.flushKind, resolve))
  }
}

function write(encoder: Encoder, piece: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    encoder.write(piece, (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
}
