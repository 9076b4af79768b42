/** The ledger as its clients see it: transfers, balances, and the stream of events, over real sockets. */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { TransferRequest } from '../../../examples/web/transfer.ts'
import { type Answer, type AskOptions, ask } from './http-client.ts'
import type { Teardown } from './web-process.ts'

export const TOTAL = 1_000_000
export const ACCOUNTS = Array.from({ length: 100 }, (_, i) => `a${String(i + 1).padStart(3, '0')}`)

export interface JsonAnswer extends Answer {
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it
  readonly json: any
}

export async function askJson(port: number, path: string, options?: AskOptions): Promise<JsonAnswer> {
  const answer = await ask(port, path, options)
  return { ...answer, json: answer.text === '' ? undefined : JSON.parse(answer.text) }
}

/** @param body - text is sent as it is. */
export function post(port: number, body: unknown, options?: AskOptions): Promise<JsonAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return askJson(port, '/transfers', { method: 'POST', body: Buffer.from(text), ...options })
}

/** All balances, by account, after a look at their sum. */
export async function balances(port: number): Promise<ReadonlyMap<string, number>> {
  const { json } = await askJson(port, '/accounts')
  const all = json.accounts as { id: string; balance: number }[]
  const sum = all.reduce((total, { balance }) => total + balance, 0)
  if (sum !== TOTAL || json.total !== TOTAL) throw new Error(`there are ${sum}, said to be ${json.total}`)
  return new Map(all.map(({ id, balance }) => [id, balance]))
}

/** Repeatable numbers, so that a failure can be looked at again. */
export function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    return (state >>> 8) % sides
  }
}

export function randomTransfer(roll: (sides: number) => number, id: string): TransferRequest {
  const from = roll(ACCOUNTS.length)
  const to = (from + 1 + roll(ACCOUNTS.length - 1)) % ACCOUNTS.length
  return { id, from: ACCOUNTS[from]!, to: ACCOUNTS[to]!, amount: 1 + roll(300) }
}

export interface Load {
  /** What was acknowledged with 201. */
  readonly made: Map<string, TransferRequest>
  /** Statuses of everything else that was answered. */
  readonly others: number[]
  /** Why clients stopped. */
  readonly failures: unknown[]
  /** Settles when every client was failed, or told to stop. */
  readonly ended: Promise<unknown>
  stop(): void
}

export interface LoadOptions {
  readonly clients: number
  readonly seed: number
  /** Called after every answer. */
  readonly onAnswer?: (answers: number) => void
}

/** Clients that ask for one random transfer after another, each until a request of its fails. */
export function putLoad(port: number, { clients, seed, onAnswer }: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const roll = dice(seed)
  const [made, others, failures] = [new Map<string, TransferRequest>(), [] as number[], [] as unknown[]]
  let [asked, answers, isStopped] = [0, 0, false]
  const client = async () => {
    while (!isStopped) {
      const transfer = randomTransfer(roll, `load-${seed}-${++asked}`)
      try {
        const { status } = await post(port, transfer, { agent })
        if (status === 201) made.set(transfer.id, transfer)
        else others.push(status)
      } catch (error) {
        failures.push(error)
        return
      }
      onAnswer?.(++answers)
    }
  }
  const ended = Promise.all(Array.from({ length: clients }, client)).finally(() => agent.destroy())
  return { made, others, failures, ended, stop: () => (isStopped = true) }
}

export interface Seen {
  readonly id: string
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it
  readonly data: any
}

export interface Viewer {
  readonly seen: Seen[]
  /** Waits for so many events in all. */
  until(count: number): Promise<Seen[]>
  /** Settles when the stream is over: whether it came to its end. */
  readonly ended: Promise<boolean>
  leave(): void
}

/** Watches `/events`. */
export async function watch(t: Teardown, port: number, lastId?: string): Promise<Viewer> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const outgoing = request({ host: '127.0.0.1', port, path: '/events', headers }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const leave = () => void outgoing.destroy()
  t.teardown(async () => leave())
  const seen: Seen[] = []
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    const events = text.split('\n\n')
    text = events.pop()!
    for (const event of events) if (event.includes('data: ')) seen.push(parse(event))
  })
  response.on('error', () => {}) // It has left.
  const until = async (count: number) => {
    while (seen.length < count) await once(response, 'data')
    return seen
  }
  const ended = new Promise<boolean>((resolve) => response.on('close', () => resolve(response.complete)))
  return { seen, until, ended, leave }
}

function parse(event: string): Seen {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1]
  return { id: field('id')!, event: field('event') ?? 'message', data: JSON.parse(field('data')!) }
}
