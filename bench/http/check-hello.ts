/**
 * Is the answer right? A server that leaves out a header, or answers 404, is fast for the wrong reason.
 */

import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { ContenderError } from '../harness/process-contender.ts'
import { HELLO } from './serve.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The local port: the same for two answers if the connection was kept. */
  readonly port: number | undefined
}

/** @throws ContenderError naming what is wrong with the server's answer to two requests on one connection. */
export async function checkHello(who: string, url: URL): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const first = await get(url, agent)
    const second = await get(url, agent)
    for (const fault of [...faults(first), ...faults(second)]) {
      throw new ContenderError(`${who}: answers wrongly: ${fault}`)
    }
    if (first.port !== second.port) throw new ContenderError(`${who}: does not keep the connection`)
  } finally {
    agent.destroy()
  }
}

function* faults({ status, headers, body }: Answer): Generator<string> {
  if (status !== 200) yield `status ${status}`
  if (!headers['content-type']?.startsWith('text/plain')) yield `content-type ${headers['content-type']}`
  if (headers['content-length'] !== String(HELLO.length)) yield `content-length ${headers['content-length']}`
  if (Number.isNaN(Date.parse(headers.date ?? ''))) yield `date ${headers.date}`
  if (body !== HELLO) yield `body "${body}"`
}

function get(url: URL, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, timeout: 5_000 }, (response) => {
      const port = response.socket.localPort
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body, port }),
      )
    })
    outgoing.on('timeout', () => outgoing.destroy(new ContenderError(`no answer from ${url} in 5 s`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
}
