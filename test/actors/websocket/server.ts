/** WebSockets in a simulation: an HTTP server that accepts them, and clients that speak frames, good and bad ones. */
import { inflateRawSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'
import { type HttpLimits, http, type WebSocketOptions, websocket } from 'greenroom/actors'
import type { MemoryClient, MemoryClientOptions, SimulationOptions } from 'greenroom/testing'
import type { ConnectionLimits } from '../../../actors/connection/limits.ts'
import { ConversationListener } from '../conversation-listener.ts'
import { closing, type FrameInit, frame, message } from './codec/frames.ts'

export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface Config {
  readonly simulation?: SimulationOptions
  readonly connection?: Partial<ConnectionLimits>
  readonly http?: Partial<HttpLimits>
}

export type SocketOptions<Out> = WebSocketOptions<Out, never>

export class SocketServer extends ConversationListener {
  listen<Out>(options: SocketOptions<Out>, config: Config = {}): Promise<void> {
    const sockets = websocket<Out>(options)
    const protocol = http({
      respond: (ctx, request) => sockets.accept(ctx, request),
      ...(config.http !== undefined && { limits: config.http }),
    })
    return this.begin({ protocol: protocol as never, limits: config.connection ?? {} })
  }

  /** A client whose request is on its way, with `ahead` in the same packet. */
  dial(headers: readonly string[] = [], ahead: Uint8Array = Buffer.alloc(0), options?: MemoryClientOptions) {
    const client = this.connect(options)
    client.write(Buffer.concat([Buffer.from(requestText(headers)), ahead]))
    return new SocketClient(client)
  }

  /** A client whose conversation has begun. */
  async open(headers?: readonly string[], options?: MemoryClientOptions): Promise<SocketClient> {
    const client = this.dial(headers, undefined, options)
    await this.settle()
    return client
  }
}

export function requestText(headers: readonly string[] = []): string {
  const usual = [
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const nameOf = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase()
  const own = new Set(headers.map(nameOf))
  const lines = [
    ...usual.filter((line) => !own.has(nameOf(line))),
    ...headers.filter((line) => !/: $/.test(line)),
  ]
  return `GET /chat HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}

export const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate'

export class SocketClient {
  readonly client: MemoryClient

  constructor(client: MemoryClient) {
    this.client = client
  }

  /** Each string or buffer is a message. */
  send(...messages: readonly (string | Uint8Array)[]): void {
    for (const said of messages) this.client.write(message(typeof said === 'string' ? TEXT : BINARY, said))
  }

  frame(init: FrameInit): void {
    this.client.write(frame(init))
  }

  /** Without a code: an empty close frame. */
  close(code?: number, reason?: string): void {
    this.client.write(code === undefined ? frame({ opcode: CLOSE }) : closing(code, reason))
  }

  get status(): number {
    return Number(this.client.text.slice(9, 12))
  }

  /** The answer's head. */
  get head(): string {
    return this.client.text.slice(0, this.headEnd)
  }

  /** What has come since, a line for each frame: `text hello`, `binary 00ff`, `ping `, `close 1000 bye`. */
  get said(): readonly string[] {
    return readFrames(this.client.received.subarray(this.headEnd)).map(({ line }) => line)
  }

  /** Of frames that have come: how many were compressed. */
  get compressed(): number {
    return readFrames(this.client.received.subarray(this.headEnd)).filter((one) => one.isCompressed).length
  }

  private get headEnd(): number {
    const end = this.client.text.indexOf('\r\n\r\n')
    if (end === -1) throw new Error(`not a whole head: ${this.client.text.slice(0, 100)}`)
    return end + 4
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [TEXT]: 'text',
  [BINARY]: 'binary',
  [PING]: 'ping',
  [PONG]: 'pong',
}

/** A server's frames: whole, unmasked, and nothing but frames. What is cut off at the end is left out. */
export function readFrames(bytes: Buffer): { readonly line: string; readonly isCompressed: boolean }[] {
  const found = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!]
    if ((first & 0xb0) !== 0x80 || second > 127) throw new Error(`not a server's frame: ${first} ${second}`)
    const start = at + (second === 127 ? 10 : second === 126 ? 4 : 2)
    if (start > bytes.length) break
    const length =
      second === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : second === 126
          ? bytes.readUInt16BE(at + 2)
          : second
    if (start + length > bytes.length) break
    const isCompressed = (first & 0x40) !== 0
    const payload = bytes.subarray(start, start + length)
    found.push({ line: lineOf(first & 15, isCompressed ? inflated(payload) : payload), isCompressed })
    at = start + length
  }
  return found
}

function lineOf(opcode: number, payload: Buffer): string {
  if (opcode !== CLOSE) return `${NAMES[opcode]} ${opcode === TEXT ? payload : payload.toString('hex')}`
  return payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)} ${payload.subarray(2)}`.trimEnd()
}

function inflated(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)]))
}

/** A test's body with a server of its own; in the end nothing of it may be left, and nothing may have been lost unnoticed. */
export function served<Out = string | Uint8Array>(
  options: SocketOptions<Out>,
  body: (t: ExecutionContext, server: SocketServer) => Promise<void>,
  config: Config & { readonly deadLetters?: readonly string[] } = {},
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const server = new SocketServer(config.simulation)
    await server.listen(options, config)
    await body(t, server)
    await server.end()
    t.deepEqual(server.deadLetters, config.deadLetters ?? [])
  }
}
