/**
 * The body of a request as Fetch has it: read as a whole without a stream, as `Request.text()` and its like do, or as a
 * stream.
 *
 * What goes wrong with a body is mostly its sender's doing: the error that a reader gets says so to whoever handles it. A
 * body that is no JSON is its sender's fault, but Fetch wants a plain `SyntaxError` for it. So that the fault is not
 * taken for ours where a handler lets it through, such errors are remembered.
 */
import { PeerError } from '../../../runtime/errors.ts'
import { responseTo } from '../failure.ts'
import type { RequestBody } from '../request-body.ts'
import { type Reading, readGenuine } from './genuine.ts'
import { close } from './streams.ts'

/** As `text()` is specified: a byte order mark goes, what is no UTF-8 becomes U+FFFD. */
const decoder = new TextDecoder()

/** What was thrown because of what a client had sent. */
const faults = new WeakSet<object>()

/** @throws what the body fails with (see `RequestBody.next`); SyntaxError, TypeError where Fetch throws them. */
export async function readIncoming(body: RequestBody, how: Reading, type: string | null): Promise<unknown> {
  const pieces = await piecesOf(body)
  switch (how) {
    case 'text':
      return textOf(pieces)
    case 'json':
      return jsonOf(pieces)
    case 'arrayBuffer':
      return joined(pieces).buffer
    case 'bytes':
      return joined(pieces)
    default:
      return readGenuine(joined(pieces), how, type)
  }
}

/** The pieces, each asked for when somebody reads. Cancelled, it asks no more. */
export function incomingStream(body: RequestBody): ReadableStream {
  let isCancelled = false
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const step = await body.next().catch(fail)
      if (isCancelled) return
      if (step.done === true) close(controller)
      else controller.enqueue(new Uint8Array(step.value))
    },
    cancel() {
      isCancelled = true
    },
  })
}

/** What a handler has failed with, as it is to be answered and logged: an error of ours where the client caused it. */
export function blame(error: unknown): unknown {
  return typeof error === 'object' && error !== null && faults.has(error) ? new NotJsonError(error) : error
}

async function piecesOf(body: RequestBody): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of body) pieces.push(piece)
  } catch (error) {
    fail(error)
  }
  return pieces
}

/**
 * Throws what a body has failed with. Hono answers an error with what `getResponse` gives, and one without it with 500 and
 * a word on the console, which is not to be filled from outside.
 */
function fail(error: unknown): never {
  if (error instanceof PeerError && !('getResponse' in error)) {
    const { status, body } = responseTo(error)
    Object.defineProperty(error, 'getResponse', { value: () => new Response(body as string, { status }) })
  }
  throw error
}

class NotJsonError extends PeerError {
  readonly status = 400
  readonly reason = 'the body is not JSON'

  constructor(cause: unknown) {
    super('HTTP_BODY_NOT_JSON', 'the body is not JSON', { cause })
  }
}

function jsonOf(pieces: readonly Uint8Array[]): unknown {
  const text = textOf(pieces)
  try {
    return JSON.parse(text)
  } catch (error) {
    faults.add(error as SyntaxError)
    throw error
  }
}

function textOf(pieces: readonly Uint8Array[]): string {
  return decoder.decode(pieces.length === 1 ? pieces[0] : joined(pieces))
}

/** In memory of its own: a received piece is a view of a larger buffer, which is not to be given away. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
