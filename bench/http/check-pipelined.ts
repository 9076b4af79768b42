/**
 * Does a server answer as many requests as came, when they come in one piece? Node's clients do not pipeline, so this
 * one writes to a socket and reads what comes, by its content lengths.
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, faultsOf, RIGHT_HELLO } from './right.ts'

const PATIENCE_MS = 5_000
/** How many bytes of the last request come alone: the cut goes through its empty line. */
const CUT_BYTES = 2

/**
 * Asks `count` times in two pieces, the second of them a few bytes, and once more.
 *
 * @throws Error saying what is wrong with an answer, or how many there were.
 */
export async function checkPipelined(port: number, path: string, count: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, timeout: PATIENCE_MS })
  socket.on('timeout', () => socket.destroy(new Error(`no answer in ${PATIENCE_MS / 1e3} s`)))
  try {
    await once(socket, 'connect')
    const one = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
    const batch = one.repeat(count)
    const answers = new Answers(socket)
    socket.write(batch.slice(0, -CUT_BYTES))
    await answers.expect(count - 1)
    socket.write(batch.slice(-CUT_BYTES))
    await answers.expect(1)
    socket.write(one)
    await answers.expect(1)
  } finally {
    socket.destroy()
  }
}

class Answers {
  private readonly pieces: AsyncIterator<Buffer>
  private text = ''

  constructor(socket: Socket) {
    this.pieces = socket[Symbol.asyncIterator]()
  }

  /** Waits for right answers. @throws Error for a wrong one, and for anything that comes beyond them. */
  async expect(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      for (const fault of faultsOf(await this.next(), RIGHT_HELLO)) {
        throw new Error(`pipelined answer ${n + 1} of ${count}: ${fault}`)
      }
    }
    if (this.text !== '') throw new Error(`more than ${count} answers to ${count} pipelined requests`)
  }

  private async next(): Promise<Answer> {
    const headEnd = await this.find('\r\n\r\n')
    const [statusLine = '', ...fields] = this.text.slice(0, headEnd).split('\r\n')
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
      }),
    )
    const bodyStart = headEnd + 4
    const bodyEnd = bodyStart + Number(headers['content-length'] ?? 0)
    while (this.text.length < bodyEnd) await this.more()
    const body = this.text.slice(bodyStart, bodyEnd)
    this.text = this.text.slice(bodyEnd)
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(statusLine)?.[1]), headers, body }
  }

  private async find(what: string): Promise<number> {
    while (!this.text.includes(what)) await this.more()
    return this.text.indexOf(what)
  }

  private async more(): Promise<void> {
    const { value, done } = await this.pieces.next()
    if (done) throw new Error('the connection was closed before all pipelined requests were answered')
    this.text += value.toString('latin1')
  }
}
