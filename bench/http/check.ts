/**
 * Is the answer right? A server that leaves out a header, or answers 404, is fast for the wrong reason.
 */

import { Agent, request } from 'node:http'
import { ContenderError } from '../harness/process-contender.ts'
import { checkPipelined } from './check-pipelined.ts'
import { type Answer, faultsOf, RIGHT_HELLO, type Right } from './right.ts'
import type { Work } from './work.ts'

const PATIENCE_MS = 5_000

/**
 * @param work - what will be asked of the server, which is asked here first.
 * @throws ContenderError naming what is wrong with one of its answers.
 */
export async function checkAnswers(who: string, port: number, work: Work): Promise<void> {
  try {
    const { json, path, pipelined = 1 } = work
    if (pipelined > 1) await checkPipelined(port, path, pipelined)
    else if (json === undefined) await checkKept(port, path, RIGHT_HELLO)
    else await checkKept(port, path, { type: 'application/json', body: json }, spaced(json))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ContenderError(`${who}: answers wrongly: ${message}`, { cause: error })
  }
}

/** The same value in other bytes: who sends back what came, and has not parsed it, is found out. */
function spaced(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 1)
}

/** Two requests, one after the other, on one connection; POSTs if there is a body to send. */
async function checkKept(port: number, path: string, right: Right, body?: string): Promise<void> {
  const url = new URL(path, `http://127.0.0.1:${port}`)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const first = await ask(url, agent, body)
    const second = await ask(url, agent, body)
    for (const fault of [...faultsOf(first, right), ...faultsOf(second, right)]) throw new Error(fault)
    if (first.port !== second.port) throw new Error('the connection is not kept')
  } finally {
    agent.destroy()
  }
}

interface KeptAnswer extends Answer {
  /** The local port: the same for two answers if the connection was kept. */
  readonly port: number | undefined
}

function ask(url: URL, agent: Agent, body: string | undefined): Promise<KeptAnswer> {
  return new Promise((resolve, reject) => {
    const options =
      body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' } }
    const outgoing = request(url, { ...options, agent, timeout: PATIENCE_MS }, (response) => {
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
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${PATIENCE_MS / 1e3} s`)))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
