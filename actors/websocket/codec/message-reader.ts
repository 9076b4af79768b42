/**
 * From a client's bytes to what it says: whole messages and control frames (RFC 6455 sections 5.4 to 5.6).
 *
 * Rules:
 * - `next` is a function of the bytes so far and of nothing else: no clock, no socket, and in whatever cut they come.
 * - Nothing of a frame is buffered before its announced length is known to be within the limits. What is, is copied into
 *   one growing buffer; a message that lies whole in a received chunk is unmasked there and given as a view of it.
 * - Each call gives one event, so that whoever calls can count: control frames have no limit here.
 *
 * What a data frame is, by what is under way (a control frame may come anywhere and changes nothing):
 *
 * | under way | continuation | text, binary |
 * | --- | --- | --- |
 * | nothing | `WEBSOCKET_CONTINUATION_UNEXPECTED` | begins a message |
 * | a message | goes on with it | `WEBSOCKET_MESSAGE_INTERRUPTED` |
 *
 * With FIN the message is whole, and nothing is under way again.
 */
import { isUtf8 } from 'node:buffer'
import type { Input } from '../../connection/input.ts'
import type { WebSocketLimits } from '../limits.ts'
import { isCloseCode, NO_STATUS } from './close-code.ts'
import { inflateMessage } from './deflate.ts'
import { dataInvalid, messageTooLarge, protocolError, WebSocketError } from './errors.ts'
import { FrameHeader } from './frame-header.ts'
import { Gatherer } from './gatherer.ts'
import { unmask } from './mask.ts'
import { CLOSE, CONTINUATION, isControl, PING, TEXT } from './opcode.ts'

/**
 * What a client said. `bytes` and `payload` may be views of the chunk that was received: they are the receiver's alone
 * and never change, but whoever keeps a short one for long copies it, or the chunk is kept with it.
 */
export type WebSocketEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'binary'; readonly bytes: Buffer }
  | { readonly type: 'ping'; readonly payload: Buffer }
  | { readonly type: 'pong'; readonly payload: Buffer }
  /** `code` is 1005 where the frame had none; `encodeClose(code)` answers that as it was said. */
  | { readonly type: 'close'; readonly code: number; readonly reason: string }

export interface MessageReaderOptions {
  readonly limits: Pick<WebSocketLimits, 'messageBytesMax' | 'fragmentsMax'>
  /** Whether permessage-deflate was agreed upon. Default false. */
  readonly isDeflated?: boolean
}

const NOTHING = Buffer.alloc(0)

/** No message is under way. Otherwise its opcode stands in this place. */
const NONE = -1

export class MessageReader {
  readonly #bytesMax: number
  readonly #fragmentsMax: number
  readonly #isDeflated: boolean
  /** Of the last frame that was looked at. Invariant: unchanged from the moment its payload is begun until it is whole. */
  readonly #header = new FrameHeader()
  /** What has arrived of the message that is under way. */
  readonly #gatherer = new Gatherer()
  #opcode = NONE
  /** Of the message that is under way: set by each first frame. */
  #isCompressed = false
  #fragments = 0
  /** The header was consumed, and of the payload `#done` bytes. */
  #isInPayload = false
  #done = 0
  #isClosed = false
  #failure: WebSocketError | undefined = undefined

  constructor({ limits, isDeflated = false }: MessageReaderOptions) {
    this.#bytesMax = limits.messageBytesMax
    this.#fragmentsMax = limits.fragmentsMax
    this.#isDeflated = isDeflated
  }

  /** A close frame came: what follows it is dropped unread (RFC 6455 section 5.5.1). */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Part of a message or of a frame has come: an end of input here breaks it off. */
  isWithin(input: Input): boolean {
    return this.#opcode !== NONE || this.#isInPayload || (input.available > 0 && !this.#isClosed)
  }

  /**
   * The next event, or `undefined` until more bytes have come. Consumes what it has read.
   *
   * @throws WebSocketError, and again the same at every further call.
   */
  next(input: Input): WebSocketEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#next(input)
    } catch (error) {
      if (error instanceof WebSocketError) {
        this.#failure = error
        // Whoever holds the reader until its connection has ended does not hold half a message with it.
        this.#gatherer.take()
      }
      throw error
    }
  }

  #next(input: Input): WebSocketEvent | undefined {
    const header = this.#header
    for (;;) {
      if (this.#isInPayload) {
        if (!this.#gather(input)) return undefined
        if (header.isFinal) return this.#complete(this.#gatherer.take())
        continue
      }
      if (this.#isClosed) {
        input.skip(input.available)
        return undefined
      }
      if (!header.look(input, this.#isDeflated)) return undefined
      if (isControl(header.opcode)) {
        // At most 131 bytes, which wait in the input until they are whole.
        if (input.available < header.bytes + header.length) return undefined
        input.skip(header.bytes)
        return this.#control(header.opcode, this.#takeUnmasked(input))
      }
      this.#admit(header)
      if (!header.hasKey) return undefined
      input.skip(header.bytes)
      this.#fragments++
      const isAlone = header.isFinal && this.#opcode === NONE
      if (header.opcode !== CONTINUATION) {
        this.#opcode = header.opcode
        this.#isCompressed = header.isCompressed
      }
      if (isAlone && input.chunk.length - input.at >= header.length) {
        return this.#complete(this.#takeUnmasked(input))
      }
      this.#isInPayload = true
      this.#done = 0
    }
  }

  /** Whether the frame may come here, by the table above, and is within the limits. Changes nothing. */
  #admit({ opcode, length }: FrameHeader): void {
    if (opcode === CONTINUATION) {
      if (this.#opcode === NONE) {
        throw protocolError('WEBSOCKET_CONTINUATION_UNEXPECTED', 'there is no message to continue')
      }
    } else if (this.#opcode !== NONE) {
      throw protocolError('WEBSOCKET_MESSAGE_INTERRUPTED', 'a message begins before the last has ended')
    }
    if (this.#fragments >= this.#fragmentsMax) {
      throw new WebSocketError(
        1008,
        'WEBSOCKET_TOO_MANY_FRAGMENTS',
        `a message has more than ${this.#fragmentsMax} frames`,
      )
    }
    if (this.#gatherer.length + length > this.#bytesMax) throw messageTooLarge(this.#bytesMax)
  }

  /** Moves what has arrived of the payload to the rest of the message. True if the frame is whole. */
  #gather(input: Input): boolean {
    const { length, isFinal, key } = this.#header
    const n = Math.min(length - this.#done, input.available)
    if (n > 0) {
      const gatherer = this.#gatherer
      const from = gatherer.length
      const total = isFinal ? from + length - this.#done : this.#bytesMax
      gatherer.consume(input, n, total)
      unmask(gatherer.bytes, key, from, from + n, this.#done)
      this.#done += n
    }
    if (this.#done < length) return false
    this.#isInPayload = false
    return true
  }

  /** The payload of the frame whose header was consumed, and which is all available. */
  #takeUnmasked(input: Input): Buffer {
    const { length, key } = this.#header
    if (length === 0) return NOTHING
    const payload = input.take(length)
    unmask(payload, key, 0, length, 0)
    return payload
  }

  #complete(payload: Buffer): WebSocketEvent {
    const isText = this.#opcode === TEXT
    const bytes = this.#isCompressed ? inflateMessage(payload, this.#bytesMax) : payload
    this.#opcode = NONE
    this.#fragments = 0
    if (!isText) return { type: 'binary', bytes }
    if (!isUtf8(bytes)) throw dataInvalid('WEBSOCKET_TEXT_INVALID', 'a text is not UTF-8')
    return { type: 'text', text: bytes.toString('utf8') }
  }

  #control(opcode: number, payload: Buffer): WebSocketEvent {
    if (opcode === CLOSE) return this.#close(payload)
    return { type: opcode === PING ? 'ping' : 'pong', payload }
  }

  #close(payload: Buffer): WebSocketEvent {
    this.#isClosed = true
    if (payload.length === 0) return { type: 'close', code: NO_STATUS, reason: '' }
    const code = payload.length === 1 ? 0 : payload.readUInt16BE(0)
    if (!isCloseCode(code)) {
      throw protocolError('WEBSOCKET_CLOSE_INVALID', 'a close frame has no code that may be sent')
    }
    const reason = payload.subarray(2)
    if (!isUtf8(reason)) throw dataInvalid('WEBSOCKET_REASON_INVALID', 'the reason of a close is not UTF-8')
    return { type: 'close', code, reason: reason.toString('utf8') }
  }
}
