/** greenroom and node:http on real sockets, each with a handler that takes the whole request and answers with nothing. */
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createSystem, silentLog } from 'greenroom'
import { http, listen, text } from 'greenroom/actors'
import { type Outcome, outcomeOf, readAnswers, type Seen } from './outcome.ts'

export interface Subject {
  /** Sends the bytes on a connection of their own, ends it, and says what became of them. */
  tell(bytes: Buffer): Promise<Outcome>
  stop(): Promise<unknown>
}

type Entry = { -readonly [K in keyof Seen]: Seen[K] }

function begin(method: string, target: string, version: string, headers: Seen['headers']): Entry {
  return { method, target, version, headers, body: undefined, trailers: [] }
}

/** Our reason where the end of input came within a request. */
const CUT_SHORT = 'the connection ended within the'

export async function startOurs(): Promise<Subject> {
  const seenBy = new Map<number, Seen[]>()
  const system = createSystem({ log: silentLog })
  const server = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({
      async respond(_ctx, request) {
        const { method, target, version, headers, remote } = request
        const entry = begin(method, target, version, [...headers])
        seenBy.get(portOf(remote))?.push(entry)
        entry.body = (await request.bytes()).toString('latin1')
        entry.trailers = [...request.trailers]
        return text('', { status: method === 'CONNECT' ? 501 : 200 })
      },
    }),
  })
  return {
    async tell(bytes) {
      const seen: Seen[] = []
      const answer = await converse(server.port as number, bytes, (port) => seenBy.set(port, seen))
      return outcomeOf(seen, readAnswers(answer), answer.includes(CUT_SHORT))
    },
    stop: () => system.stop(),
  }
}

function portOf(remote: unknown): number {
  return (remote as { port: number }).port
}

interface NodeRecord {
  readonly seen: Seen[]
  wasCutShort: boolean
}

export async function startNode(): Promise<Subject> {
  const records = new Map<number, NodeRecord>()
  const server = createServer((request, response) => {
    const { method = '', url = '', httpVersion, rawHeaders } = request
    const entry = begin(method, url, httpVersion, pairs(rawHeaders))
    records.get(request.socket.remotePort as number)?.seen.push(entry)
    const pieces: Buffer[] = []
    request
      .on('data', (piece: Buffer) => pieces.push(piece))
      .on('error', () => {})
      .on('end', () => {
        entry.body = Buffer.concat(pieces).toString('latin1')
        entry.trailers = pairs(request.rawTrailers)
        response.setHeader('Content-Length', 0).end()
      })
  })
  // Seen in passing: a listener of its own would take the place of node's answer.
  const { emit } = server
  server.emit = function (event: string, ...args: unknown[]) {
    if (event === 'clientError') {
      const [error, socket] = args as [NodeJS.ErrnoException, Socket]
      const record = records.get(socket.remotePort as number)
      if (record !== undefined) record.wasCutShort = error.code === 'HPE_INVALID_EOF_STATE'
    }
    return Reflect.apply(emit, this, [event, ...args])
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    async tell(bytes) {
      const record: NodeRecord = { seen: [], wasCutShort: false }
      const answer = await converse(port, bytes, (local) => records.set(local, record))
      return outcomeOf(record.seen, readAnswers(answer), record.wasCutShort)
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!.toLowerCase(), raw[2 * i + 1]!])
}

/** All that comes back. The client's end follows its bytes only when the server has had its turn with them. */
function converse(port: number, bytes: Buffer, begin: (localPort: number) => void): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => {
      begin(socket.localPort as number)
      socket.write(bytes, () => setImmediate(() => setImmediate(() => socket.end())))
    })
    socket
      .setEncoding('latin1')
      .on('data', (piece) => {
        text += piece
      })
      .on('error', () => {})
      .on('close', () => resolve(text))
  })
}
