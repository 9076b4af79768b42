/** Drives the codec over bytes in any cut and writes down what it made of them. */
import { Input } from '../../../../actors/connection/input.ts'
import { BodyDecoder } from '../../../../actors/http/codec/body.ts'
import { HttpError } from '../../../../actors/http/codec/errors.ts'
import { parseHead } from '../../../../actors/http/codec/parse-request.ts'
import type { RequestHead } from '../../../../actors/http/codec/request-head.ts'
import { defaultHttpLimits, type HttpLimits } from '../../../../actors/http/limits.ts'

export interface Message {
  readonly method: string
  readonly target: string
  readonly versionMinor: number
  readonly headers: readonly (readonly [string, string])[]
  readonly keepAlive: boolean
  readonly bodyKind: string
  readonly expectContinue: boolean
  readonly isUpgrade: boolean
  readonly body: string
  readonly trailers: readonly (readonly [string, string])[]
}

export interface Reading {
  readonly messages: readonly Message[]
  /** `end` if the input ended between two requests, or the last one is not kept alive; else status and code of the refusal. */
  readonly verdict: string
}

/** Pushes the pieces one by one, ends the input, and reads as far as the codec goes. */
export function read(
  pieces: readonly Buffer[],
  limits: HttpLimits = defaultHttpLimits,
  input: Input = new Input(),
): Reading {
  const messages: Message[] = []
  const reader = readAll(input, limits, messages)
  try {
    let isSuspended = !reader.next().done
    for (const piece of pieces) {
      if (!isSuspended) break
      input.push(piece)
      isSuspended = !reader.next().done
    }
    input.end()
    if (isSuspended && !reader.next().done) throw new Error('the codec waits for more after the end of input')
    return { messages, verdict: 'end' }
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    return { messages, verdict: `${error.status} ${error.code}` }
  }
}

export function readText(text: string, limits?: HttpLimits): Reading {
  return read([Buffer.from(text, 'latin1')], limits)
}

/** The head of the one request in `text`. */
export function headOf(text: string, limits: HttpLimits = defaultHttpLimits): RequestHead {
  const input = new Input()
  input.push(Buffer.from(text, 'latin1'))
  const step = parseHead(input, limits).next()
  if (!step.done || step.value === undefined) throw new Error('the head is not whole')
  return step.value
}

/** The bytes in one piece, in two pieces for every position of the cut, and in single bytes. */
export function* everyCut(bytes: Buffer): Generator<readonly Buffer[]> {
  // Each piece is a copy: on a real connection no two chunks share memory.
  const piece = (start: number, end?: number): Buffer => Buffer.from(bytes.subarray(start, end))
  yield [piece(0)]
  for (let at = 1; at < bytes.length; at++) yield [piece(0, at), piece(at)]
  yield Array.from(bytes, (_, at) => piece(at, at + 1))
}

function* readAll(input: Input, limits: HttpLimits, messages: Message[]): Generator<void, void, void> {
  for (;;) {
    const head = yield* parseHead(input, limits)
    if (head === undefined) return
    const body = new BodyDecoder(head, input, limits)
    const pieces: Buffer[] = []
    while (!body.done) {
      const piece = body.read()
      if (piece !== undefined) pieces.push(piece)
      else if (!body.done) yield
    }
    const { method, target, versionMinor, keepAlive, bodyKind, expectContinue, isUpgrade } = head
    messages.push({
      method,
      target,
      versionMinor,
      headers: [...head.headers],
      keepAlive,
      bodyKind,
      expectContinue,
      isUpgrade,
      body: Buffer.concat(pieces).toString('latin1'),
      trailers: [...body.trailers],
    })
    if (!keepAlive) return
  }
}
