/** An HTTP server in a simulation, and what its clients make of its bytes. */
import type { ExecutionContext } from 'ava'
import type { System } from 'greenroom'
import { type HttpOptions, http } from 'greenroom/actors'
import type { MemoryClient, MemoryClientOptions, SimulationOptions } from 'greenroom/testing'
import type { ConnectionLimits } from '../../../actors/connection/limits.ts'
import { SimulatedListener } from '../simulated-listener.ts'

export interface ServerOptions extends HttpOptions<typeof System> {
  readonly connection?: Partial<ConnectionLimits>
  readonly simulation?: SimulationOptions
}

export class TestServer extends SimulatedListener {
  listen({ connection = {}, simulation: _, ...options }: ServerOptions): Promise<void> {
    return this.begin({ protocol: http(options), limits: connection })
  }

  /** Sends all at once and lets the server do what it can without time passing. */
  async send(bytes: Uint8Array | string, options?: MemoryClientOptions): Promise<MemoryClient> {
    const client = this.connect(options)
    client.write(bytes)
    await this.simulation.settle()
    return client
  }

  /** What comes back for these bytes, without time passing. */
  async ask(bytes: Uint8Array | string, ...methods: string[]): Promise<Response[]> {
    return responses(await this.send(bytes), ...methods)
  }
}

/** A test's body with a server of its own. */
export function served(
  options: ServerOptions,
  body: (t: ExecutionContext, server: TestServer) => Promise<void>,
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const server = new TestServer(options.simulation)
    await server.listen(options)
    await body(t, server)
    await server.end()
  }
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether the body's end has come. */
  readonly isWhole: boolean
}

/**
 * What a client reads, response by response. It knows what it asked for: of a response to HEAD there is no body.
 *
 * @param methods - of the requests, in order; those that are left out are GET.
 */
export function responses(
  { text, hasEnded }: Pick<MemoryClient, 'text' | 'hasEnded'>,
  ...methods: string[]
): Response[] {
  const found: Response[] = []
  let at = 0
  let answered = 0
  while (at < text.length) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd === -1) throw new Error(`not a whole head: ${JSON.stringify(text.slice(at))}`)
    const [statusLine = '', ...lines] = text.slice(at, headEnd).split('\r\n')
    const match = /^HTTP\/1\.1 (\d{3}) [^\r\n]*$/.exec(statusLine)
    if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`)
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(': ')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
      }),
    )
    const status = Number(match[1])
    const method = status < 200 ? 'none' : methods[answered++]
    const rest = text.slice(headEnd + 4)
    const isEmpty = method === 'HEAD' || status < 200 || status === 204 || status === 304
    const { body, bytes, isWhole } = isEmpty ? NO_BODY : readBody(headers, rest, hasEnded)
    found.push({ status, headers, body, isWhole })
    at = headEnd + 4 + bytes
  }
  return found
}

interface Body {
  readonly body: string
  readonly bytes: number
  readonly isWhole: boolean
}

const NO_BODY: Body = { body: '', bytes: 0, isWhole: true }

function readBody(headers: Record<string, string>, rest: string, hasEnded: boolean): Body {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(rest)
  const length = headers['content-length']
  if (length === undefined) return { body: rest, bytes: rest.length, isWhole: hasEnded }
  const body = rest.slice(0, Number(length))
  return { body, bytes: body.length, isWhole: body.length === Number(length) }
}

function readChunks(rest: string): Body {
  let body = ''
  let at = 0
  for (;;) {
    const match = /^([0-9a-f]+)\r\n/.exec(rest.slice(at, at + 20))
    if (match === null) break
    const size = Number.parseInt(match[1] as string, 16)
    const start = at + match[0].length
    if (rest.length < start + size + 2) break
    if (rest.slice(start + size, start + size + 2) !== '\r\n') throw new Error('a chunk does not end in CRLF')
    body += rest.slice(start, start + size)
    at = start + size + 2
    if (size === 0) return { body, bytes: at, isWhole: true }
  }
  if (!/^([0-9a-f]*\r?$|[0-9a-f]+\r\n)/.test(rest.slice(at))) {
    throw new Error(`not a chunk: ${JSON.stringify(rest.slice(at, at + 40))}`)
  }
  return { body, bytes: rest.length, isWhole: false }
}

/** A request as bytes. With a body, its length is added. */
export function request(
  method: string,
  path: string,
  headers: readonly string[] = [],
  body?: string,
): string {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`]
  return [`${method} ${path} HTTP/1.1`, 'Host: a', ...headers, ...length, '', body ?? ''].join('\r\n')
}

export const get = (path: string, ...headers: string[]): string => request('GET', path, headers)
