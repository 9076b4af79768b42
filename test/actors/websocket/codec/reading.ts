/** Drives the reader over bytes in any cut and writes down what it made of them. */
import { Input } from '../../../../actors/connection/input.ts'
import { WebSocketError } from '../../../../actors/websocket/codec/errors.ts'
import { MessageReader, type WebSocketEvent } from '../../../../actors/websocket/codec/message-reader.ts'
import { defaultWebSocketLimits, type WebSocketLimits } from '../../../../actors/websocket/limits.ts'

export interface Reading {
  /** One line for each event. */
  readonly events: readonly string[]
  /** `open` between two messages, `within` one, `closed` behind a close frame; else close code and code of the fault. */
  readonly verdict: string
}

export interface ReadOptions {
  readonly limits?: WebSocketLimits
  readonly isDeflated?: boolean
  readonly input?: Input
}

export function read(pieces: readonly Buffer[], options: ReadOptions = {}): Reading {
  const { limits = defaultWebSocketLimits, isDeflated = false, input = new Input() } = options
  const reader = new MessageReader({ limits, isDeflated })
  const events: string[] = []
  try {
    for (const piece of pieces) {
      input.push(piece)
      for (;;) {
        const event = reader.next(input)
        if (event === undefined) break
        events.push(lineOf(event))
      }
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error
    return { events, verdict: `${error.closeCode} ${error.code.replace('WEBSOCKET_', '')}` }
  }
  return { events, verdict: reader.isClosed ? 'closed' : reader.isWithin(input) ? 'within' : 'open' }
}

/** The bytes in one piece. It is a copy, since the reader unmasks in place. */
export function readWhole(bytes: Buffer, options?: ReadOptions): Reading {
  return read([Buffer.from(bytes)], options)
}

export function lineOf(event: WebSocketEvent): string {
  switch (event.type) {
    case 'text':
      return textLine(event.text)
    case 'binary':
      return binaryLine(event.bytes)
    case 'ping':
    case 'pong':
      return `${event.type} ${event.payload.toString('hex')}`
    case 'close':
      return closeLine(event.code, event.reason)
  }
}

export function textLine(text: string): string {
  return `text ${text}`
}

export function binaryLine(bytes: Buffer): string {
  return `binary ${bytes.toString('hex')}`
}

export function closeLine(code: number, reason: string): string {
  return `close ${code} ${reason}`
}
