/**
 * Is a server right, before it is fast? Asked one by one here: a transfer, the same again, one that cannot be paid for. Later,
 * after each round, whether the books agree with what was answered.
 */
import { Agent, request } from 'node:http'
import { ContenderError } from '../harness/process-contender.ts'
import type { Audit } from './books.ts'
import {
  ACCOUNTS,
  BALANCE,
  STATUS_INSUFFICIENT,
  STATUS_TAKEN,
  TRANSFERS_PATH,
  type Transfer,
} from './work.ts'

const PATIENCE_MS = 5_000

interface Question {
  readonly transfer: Transfer
  readonly status: number
  /** Of the receipt; undefined where there is none. */
  readonly balance?: number
}

/** Ids that come before those of the runs. */
const questions: readonly Question[] = [
  { transfer: { id: '0000-1', from: 1, to: 2, amount: 30 }, status: 201, balance: BALANCE - 30 },
  { transfer: { id: '0000-2', from: 1, to: ACCOUNTS, amount: 5 }, status: 201, balance: BALANCE - 35 },
  { transfer: { id: '0000-1', from: 1, to: 2, amount: 30 }, status: STATUS_TAKEN },
  { transfer: { id: '0000-3', from: 3, to: 1, amount: BALANCE + 1 }, status: STATUS_INSUFFICIENT },
  // What was refused has left nothing behind.
  { transfer: { id: '0000-4', from: 2, to: 1, amount: 1 }, status: 201, balance: BALANCE + 29 },
]

/** Transfers that `checkTransfers` leaves in the books. */
export const CHECK_TRANSFERS = questions.filter(({ status }) => status === 201).length

/** @throws ContenderError naming the first wrong answer. */
export async function checkTransfers(who: string, port: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  try {
    for (const question of questions) {
      const answer = await post(port, agent, question.transfer)
      ports.add(answer.port)
      const [fault] = faultsOf(answer, question)
      if (fault !== undefined) {
        throw new Error(`${fault} to ${JSON.stringify(question.transfer)}: ${answer.body.slice(0, 100)}`)
      }
    }
    if (ports.size > 1) throw new Error('the connection is not kept')
  } catch (cause) {
    throw new ContenderError(`${who}: answers wrongly: ${(cause as Error).message}`, { cause })
  } finally {
    agent.destroy()
  }
}

/** How many transfers there must be, from what was answered: at least, and at most. */
export interface Answered {
  readonly least: number
  readonly most: number
}

/** @throws ContenderError unless the books have what was answered, and balance. */
export function checkBooks(who: string, { transfers, total, wrong }: Audit, { least, most }: Answered): void {
  const fault = (what: string): ContenderError => new ContenderError(`${who}: its books are wrong: ${what}`)
  if (!(transfers >= least && transfers <= most)) {
    const answered = least === most ? `${least}` : `${least} to ${most}`
    throw fault(`${transfers} transfers, where ${answered} were answered`)
  }
  if (total !== ACCOUNTS * BALANCE) throw fault(`${total} in all accounts instead of ${ACCOUNTS * BALANCE}`)
  if (wrong !== 0) throw fault(`${wrong} accounts have not what their transfers make of them`)
}

interface Reply {
  readonly status: number | undefined
  readonly type: string
  readonly length: string | undefined
  readonly date: string | undefined
  readonly body: string
  /** The local port: the same for all if the connection was kept. */
  readonly port: number | undefined
}

function* faultsOf(reply: Reply, { transfer, status, balance }: Question): Generator<string> {
  if (reply.status !== status) yield `status ${reply.status} instead of ${status}`
  if (balance === undefined) return
  const receipt = JSON.stringify({ id: transfer.id, balance })
  if (!reply.type.startsWith('application/json')) yield `content-type ${reply.type}`
  if (Number.isNaN(Date.parse(reply.date ?? ''))) yield `date ${reply.date}`
  if (reply.body !== receipt) yield `another receipt than ${receipt}`
  if (reply.length !== String(receipt.length)) yield `content-length ${reply.length}`
}

function post(port: number, agent: Agent, transfer: Transfer): Promise<Reply> {
  const url = `http://127.0.0.1:${port}${TRANSFERS_PATH}`
  // With spaces, which only who parses it does not mind.
  const body = JSON.stringify(transfer, null, 1)
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers, timeout: PATIENCE_MS }, (response) => {
      const { localPort } = response.socket
      const { statusCode: status, headers } = response
      let text = ''
      response.setEncoding('latin1')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status,
          type: headers['content-type'] ?? '',
          length: headers['content-length'],
          date: headers.date,
          body: text,
          port: localPort,
        }),
      )
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${PATIENCE_MS / 1e3} s`)))
    asked.on('error', reject)
    asked.end(body)
  })
}
