/**
 * The parts of `ws` that read and write frames, as an oracle: another implementation, which the world uses.
 *
 * They are exported and not declared by its types, hence the declarations here.
 */
import type { Writable } from 'node:stream'
import * as ws from 'ws'
import { binaryLine, closeLine, type Reading, textLine } from './reading.ts'

/** What its permessage-deflate was told was agreed. */
export interface Agreed {
  readonly server_no_context_takeover?: true
  readonly client_no_context_takeover?: true
  readonly server_max_window_bits?: number
}

interface PerMessageDeflate {
  accept(offers: readonly Readonly<Record<string, readonly unknown[]>>[]): unknown
}

interface Parts {
  readonly Receiver: new (options: object) => Writable
  readonly Sender: new (socket: unknown, extensions: object, generateMask?: (mask: Buffer) => void) => Sender
  readonly PerMessageDeflate: new (options: object) => PerMessageDeflate
  readonly extension: {
    parse(text: string): Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  }
}

interface Sender {
  send(data: string | Buffer, options: object, callback: () => void): void
  ping(data: Buffer, mask: boolean, callback: () => void): void
  pong(data: Buffer, mask: boolean, callback: () => void): void
  close(code: number | undefined, data: string, mask: boolean, callback: () => void): void
}

const { Receiver, Sender, PerMessageDeflate, extension } = ws as unknown as Parts

export const parseExtensions = extension.parse

export interface TellOptions {
  /** Default true: it reads what clients send. */
  readonly isServer?: boolean
  /** Compression is spoken, and this was agreed. */
  readonly agreed?: Agreed
  readonly messageBytesMax?: number
  readonly fragmentsMax?: number
}

/** What ws makes of the bytes, in the words of `reading.ts`; `open` where it waits for more, wherever that is. */
export async function tell(bytes: Buffer, options: TellOptions = {}): Promise<Reading> {
  const { isServer = true, agreed, messageBytesMax = 1024 * 1024, fragmentsMax = 1024 } = options
  const events: string[] = []
  let verdict = 'open'
  const receiver = new Receiver({
    isServer,
    maxPayload: messageBytesMax,
    maxFragments: fragmentsMax,
    extensions: extensionsOf(isServer, messageBytesMax, agreed),
  })
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    events.push(isBinary ? binaryLine(data) : textLine(data.toString()))
  })
  receiver.on('ping', (payload: Buffer) => events.push(`ping ${payload.toString('hex')}`))
  receiver.on('pong', (payload: Buffer) => events.push(`pong ${payload.toString('hex')}`))
  receiver.on('conclude', (code: number, reason: Buffer) => {
    events.push(closeLine(code, reason.toString()))
    verdict = 'closed'
  })
  await new Promise<void>((resolve) => {
    receiver.on('error', (error) => {
      const code = Object.getOwnPropertySymbols(error).find(
        ({ description }) => description === 'status-code',
      )
      verdict = `${(error as unknown as Record<symbol, number>)[code!]}`
      resolve()
    })
    receiver.write(Buffer.from(bytes), () => resolve())
  })
  return { events, verdict }
}

export interface Sent {
  readonly data: string | Buffer
  readonly fin?: boolean
  readonly compress?: boolean
}

/** The frames that ws makes as a client, or as a server. */
export async function framesOf(
  write: (sender: Sender, done: () => void) => void,
  options: { readonly isServer?: boolean; readonly agreed?: Agreed } = {},
): Promise<Buffer> {
  const { isServer = false, agreed } = options
  const pieces: Buffer[] = []
  // A copy, since a key buffer is used again for the next frame.
  const take = (piece: Buffer | string): void => void pieces.push(Buffer.from(piece as Buffer))
  const socket = {
    cork() {},
    uncork() {},
    destroyed: false,
    write(piece: Buffer, callback?: () => void) {
      take(piece)
      callback?.()
    },
  }
  const sender = new Sender(socket, extensionsOf(isServer, 0, agreed))
  await new Promise<void>((resolve) => write(sender, resolve))
  return Buffer.concat(pieces)
}

/** Messages, each of them one call: the parts of a message are fragments. */
export async function messagesOf(
  messages: readonly (readonly Sent[])[],
  options: { readonly isServer?: boolean; readonly agreed?: Agreed } = {},
): Promise<Buffer> {
  const mask = options.isServer !== true
  return framesOf((sender, done) => {
    let left = messages.flat().length
    if (left === 0) done()
    for (const parts of messages) {
      parts.forEach(({ data, compress = false }, i) => {
        const binary = typeof parts[0]!.data !== 'string'
        const fin = i === parts.length - 1
        // Given a copy: ws masks buffers in place.
        const own = typeof data === 'string' ? data : Buffer.from(data)
        sender.send(own, { binary, fin, compress, mask }, () => --left === 0 && done())
      })
    }
  }, options)
}

function extensionsOf(isServer: boolean, maxPayload: number, agreed: Agreed | undefined): object {
  if (agreed === undefined) return {}
  const deflate = new PerMessageDeflate({ isServer, maxPayload, threshold: 0 })
  deflate.accept([Object.fromEntries(Object.entries(agreed).map(([name, value]) => [name, [value]]))])
  return { 'permessage-deflate': deflate }
}
