/**
 * Streams of Fetch made of bodies of ours, and the other way round.
 *
 * Rules: as the platform's, those made here are byte streams, hold nothing in advance, and give chunks that their reader
 * may change or transfer. So what is shared with others is copied: a received piece is a view of a larger buffer.
 */
import { Readable } from 'node:stream'

const encoder = new TextEncoder()

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** One chunk, or none. */
export function wholeStream(whole: string | Uint8Array): ReadableStream {
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const bytes = typeof whole === 'string' ? utf8(whole) : new Uint8Array(whole)
      if (bytes.length > 0) controller.enqueue(bytes)
      close(controller)
    },
  })
}

/** The stream of a body that was read without one: locked, closed, disturbed. */
export function spentStream(): ReadableStream {
  const stream = new ReadableStream({ type: 'bytes' })
  void stream.getReader().cancel()
  return stream
}

/** Whether something was read of a stream, or it was cancelled: what Fetch calls disturbed. */
export function wasRead(stream: ReadableStream): boolean {
  return Readable.isDisturbed(stream as unknown as Readable)
}

/** The chunks of a stream, which belongs to whoever iterates from the beginning on. What is left unread is cancelled. */
export class StreamPieces implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>

  constructor(stream: ReadableStream) {
    this.#reader = stream.getReader()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#reader.read() as Promise<IteratorResult<Uint8Array, undefined>>
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reader.cancel()
    return { done: true, value: undefined }
  }
}

/** Ends a byte stream. */
export function close(controller: ReadableByteStreamController): void {
  controller.close()
  // Whoever reads into a buffer of his own has it back only so.
  controller.byobRequest?.respond(0)
}
