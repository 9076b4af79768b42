/**
 * One keep-alive connection of a client, with one request at a time. As little HTTP as the servers of this suite speak: a
 * status, the length of the body, whether there is a Retry-After.
 */
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly hasRetryAfter: boolean
}

export class ClientConnection {
  private readonly socket: Socket
  private answered: ((answer: Answer | undefined) => void) | undefined = undefined
  private text = ''
  isOpen = true

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => this.take(chunk))
    this.socket.on('error', () => {})
    this.socket.on('close', () => this.end())
  }

  get isBusy(): boolean {
    return this.answered !== undefined
  }

  /** @param answered - called once; with undefined where the connection was lost, or given up. */
  send(request: string, answered: (answer: Answer | undefined) => void): void {
    this.answered = answered
    this.socket.write(request, 'latin1')
  }

  /** Leaves, whatever is under way. */
  leave(): void {
    this.socket.destroy()
    this.end()
  }

  private take(chunk: string): void {
    this.text += chunk
    const headEnd = this.text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.text.slice(0, headEnd)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this.text.length < headEnd + 4 + length) return
    this.text = this.text.slice(headEnd + 4 + length)
    const { answered } = this
    this.answered = undefined
    if (/\r\nconnection: *close/i.test(head)) this.isOpen = false
    answered?.({ status: Number(head.slice(9, 12)), hasRetryAfter: /\r\nretry-after:/i.test(head) })
  }

  private end(): void {
    const { answered } = this
    this.isOpen = false
    this.answered = undefined
    answered?.(undefined)
  }
}
