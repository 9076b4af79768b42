/**
 * One connection of somebody in the room. All read into one buffer, since what has come is looked at before anything else is read:
 * so a delivery costs the load a read, a look at its frame's head and at twelve bytes of its text.
 */
import { connect, type Socket } from 'node:net'
import { keyAt, TEXT_BYTES } from '../message.ts'
import { type FrameSink, pongFrame } from './frames.ts'
import { Pieces, type Scan } from './pieces.ts'
import { checkUpgrade, type Wire } from './wires.ts'

/** What members tell. */
export interface Host {
  /** It is in the room. */
  welcomed(): void
  /** Its next message begins at `from` in `bytes`, up to `to`. */
  received(member: Member, key: number, bytes: Buffer, from: number, to: number): void
  /** Bytes have come: `nowMs` is when, for all that is told until the next call. */
  woke(nowMs: number): void
  failed(member: Member, error: Error): void
}

/** Of one read. */
const READ_BYTES = 65_536
const shared = Buffer.allocUnsafe(READ_BYTES)

export class Member implements FrameSink {
  readonly index: number
  /** Messages that it has got. */
  count = 0
  private readonly host: Host
  private readonly wire: Wire
  private readonly keyOffset: number
  private readonly payloadBytes: number
  private readonly socket: Socket
  private readonly pieces = new Pieces()
  private isLeaving = false
  private scan: Scan

  constructor(index: number, port: number, wire: Wire, host: Host) {
    this.index = index
    this.host = host
    this.wire = wire
    this.keyOffset = wire.before.length
    this.payloadBytes = wire.before.length + TEXT_BYTES + wire.after.length
    const scanUnits: Scan = (bytes, end) => wire.scan(bytes, end, this)
    this.scan = wire.opening === '' ? scanUnits : (bytes, end) => this.scanHead(bytes, end, scanUnits)
    const callback = (length: number): boolean => {
      this.take(length)
      return true
    }
    this.socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: shared, callback },
    })
    if (wire.opening !== '') this.socket.write(wire.opening)
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => this.fail(new Error('the connection was closed')))
  }

  say(text: string): void {
    this.socket.write(this.wire.encode(this.wire.before + text + this.wire.after))
  }

  leave(): void {
    this.isLeaving = true
    this.socket.destroy()
  }

  text(bytes: Buffer, from: number, to: number): void {
    if (to - from === this.payloadBytes) {
      this.host.received(this, keyAt(bytes, from + this.keyOffset), bytes, from, to)
      return
    }
    const answer = this.wire.answerTo(bytes.toString('utf8', from, to))
    if (answer === 'welcome') this.host.welcomed()
    else if (answer.reply !== undefined) this.socket.write(this.wire.encode(answer.reply))
  }

  ping(payload: Buffer): void {
    this.socket.write(pongFrame(payload))
  }

  private take(length: number): void {
    if (this.isLeaving) return
    this.host.woke(performance.now())
    try {
      this.pieces.take(shared, length, this.scan)
    } catch (error) {
      this.fail(error as Error)
    }
  }

  private scanHead(bytes: Buffer, end: number, scanUnits: Scan): number {
    const headEnd = bytes.subarray(0, end).indexOf('\r\n\r\n')
    if (headEnd < 0) return 0
    checkUpgrade(bytes.toString('latin1', 0, headEnd))
    this.scan = scanUnits
    const from = headEnd + 4
    return from + scanUnits(bytes.subarray(from, end), end - from)
  }

  private fail(error: Error): void {
    if (this.isLeaving) return
    this.leave()
    this.host.failed(this, error)
  }
}
