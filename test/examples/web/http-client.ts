/** Requests over real sockets, as plainly as node:http makes them. */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with its length; several pieces are sent as chunks. */
  readonly body?: Buffer | readonly Buffer[]
  readonly agent?: Agent
}

/** Sends a request and reads the answer to its end. Fails if the answer is cut short. */
export async function ask(port: number, path: string, options: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, agent } = options
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers, ...(agent ? { agent } : {}) })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  if (body === undefined || Buffer.isBuffer(body)) {
    outgoing.end(body)
  } else {
    for (const piece of body) outgoing.write(piece)
    outgoing.end()
  }
  const [response] = await answered
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  const whole = Buffer.concat(pieces)
  return { status: response.statusCode!, headers: response.headers, body: whole, text: whole.toString() }
}
