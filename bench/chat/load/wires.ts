/** How each kind of server is spoken to: what a client says first, how a message is wrapped, and what else may come. */
import { createHash } from 'node:crypto'
import { WELCOME } from '../message.ts'
import { type FrameSink, scanFrames, textFrame } from './frames.ts'
import { scanLines } from './lines.ts'

export type WireName = 'websocket' | 'socket.io' | 'lines'

export interface Wire {
  /** What a client sends as soon as it is connected. An HTTP head with status 101 is the answer, unless it is empty. */
  readonly opening: string
  readonly scan: (bytes: Buffer, end: number, sink: FrameSink) => number
  /** What stands before and after a message's text. */
  readonly before: string
  readonly after: string
  /** The bytes of a payload. */
  encode(payload: string): Buffer
  /**
   * What is to be done about a payload that is no message.
   *
   * @returns that this member is in the room; or what is to be sent back, if anything.
   * @throws RangeError if it is nothing that a server may say.
   */
  answerTo(payload: string): 'welcome' | { readonly reply: string | undefined }
}

/** RFC 6455's own example. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const accept = createHash('sha1').update(`${KEY}${GUID}`).digest('base64')

function upgradeTo(path: string): string {
  const fields = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13'
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`
}

/** @throws RangeError unless a head accepts the upgrade, without extensions. */
export function checkUpgrade(head: string): void {
  const field = (name: string) => new RegExp(`^${name}: *(.*?) *\r?$`, 'im').exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 101 ')) throw new RangeError(`no upgrade: ${head.split('\r\n')[0]}`)
  if (field('Sec-WebSocket-Accept') !== accept) throw new RangeError('another Sec-WebSocket-Accept')
  if (field('Sec-WebSocket-Extensions') !== undefined) throw new RangeError('an extension unasked for')
}

function unknown(payload: string): RangeError {
  return new RangeError(`"${payload.slice(0, 100)}"`)
}

export const wires: Readonly<Record<WireName, Wire>> = {
  websocket: {
    opening: upgradeTo('/'),
    scan: scanFrames,
    before: '',
    after: '',
    encode: textFrame,
    answerTo(payload) {
      if (payload === WELCOME) return 'welcome'
      throw unknown(payload)
    },
  },
  // Version 5 of Socket.IO's protocol in version 4 of Engine.IO's: a packet's type is its first character, or two.
  'socket.io': {
    opening: upgradeTo('/socket.io/?EIO=4&transport=websocket'),
    scan: scanFrames,
    before: '42["message",',
    after: ']',
    encode: textFrame,
    answerTo(payload) {
      if (payload === `42["${WELCOME}"]`) return 'welcome'
      if (payload.startsWith('0{')) return { reply: '40' }
      if (payload.startsWith('40')) return { reply: undefined }
      if (payload === '2') return { reply: '3' }
      throw unknown(payload)
    },
  },
  lines: {
    opening: '',
    scan: scanLines,
    before: '',
    after: '',
    encode: (payload) => Buffer.from(`${payload}\r\n`, 'latin1'),
    answerTo(payload) {
      if (payload === WELCOME) return 'welcome'
      throw unknown(payload)
    },
  },
}
