/**
 * Reads lines: UTF-8 text that ends in LF or CRLF, and what is left when the input ends.
 *
 * Rules: no byte is searched twice, however small the pieces in which a line comes, and however many lines a piece holds. A
 * line that is too long is refused as soon as that is known, not when it ends. What a telnet client negotiates is taken out
 * first, and is bounded as well: by all that it may say before a line ends. Where the bytes are cut makes no difference.
 */
import { isUtf8 } from 'node:buffer'
import { Input } from '../connection/input.ts'
import { LineError } from './errors.ts'
import { IAC, TelnetFilter } from './telnet.ts'

const LF = 10
const CR = 13

/** Bytes of telnet's own between two lines, as a multiple of a line's: a terminal says a few dozen at its start. */
const TELNET_SHARE = 4

/** What has been filtered. Invariant: there is no more than one line in `data`, so that the input remains what stops the peer. */
interface Telnet {
  readonly filter: TelnetFilter
  readonly data: Input
  /** Bytes of telnet's own since the last line. */
  commandBytes: number
}

export class LineReader {
  private readonly bytesMax: number
  /** Bytes of the input, or of what was filtered of it, that hold no end of a line. */
  private searched = 0
  /** The position in the input before which nobody spoke telnet. */
  private plainUntil = 0
  /** A peer that has once sent a byte 255 speaks telnet: all that it sends is filtered from then on. */
  private telnet: Telnet | undefined = undefined

  /** @param bytesMax - of one line, without its end. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /**
   * @returns the next line without its end; undefined where there is none yet, or, once the input has ended, none at all.
   * @throws LineError
   */
  next(input: Input): string | undefined {
    if (this.telnet === undefined && this.beginsTelnet(input)) {
      this.telnet = { filter: new TelnetFilter(), data: new Input(), commandBytes: 0 }
      this.searched = 0
    }
    return this.telnet === undefined ? this.read(input, input.ended) : this.readTelnet(input, this.telnet)
  }

  private beginsTelnet(input: Input): boolean {
    const end = input.position + input.available
    if (end === this.plainUntil) return false
    const from = Math.max(0, this.plainUntil - input.position)
    this.plainUntil = end
    return input.indexOf(IAC, from) !== -1
  }

  private read(input: Input, isLast: boolean): string | undefined {
    const end = input.indexOf(LF, this.searched)
    if (end === -1) {
      this.searched = input.available
      if (this.isTooLong(input)) throw this.tooLong()
      if (!isLast || input.available === 0) return undefined
      this.searched = 0
      return this.text(input.take(input.available))
    }
    this.searched = 0
    const bytes = input.take(end)
    input.skip(1)
    const hasCr = end > 0 && bytes[end - 1] === CR
    return this.text(hasCr ? bytes.subarray(0, end - 1) : bytes)
  }

  /** Whether that is so wherever the line ends: one byte more than it may have can be the CR of its end. */
  private isTooLong(input: Input): boolean {
    const surplus = input.available - this.bytesMax
    return surplus > 1 || (surplus === 1 && input.byteAt(this.bytesMax) !== CR)
  }

  private text(bytes: Buffer): string {
    if (bytes.length > this.bytesMax) throw this.tooLong()
    if (!isUtf8(bytes)) throw new LineError('LINE_NOT_UTF8', 'the line is not UTF-8')
    return bytes.toString('utf8')
  }

  private readTelnet(input: Input, telnet: Telnet): string | undefined {
    for (;;) {
      const line = this.read(telnet.data, input.ended && input.available === 0)
      if (line !== undefined) telnet.commandBytes = 0
      if (line !== undefined || input.available === 0) return line
      this.filter(input, telnet)
    }
  }

  /** Filters to what may be the end of a line at most: what telnet says counts for the line in which it says it. */
  private filter(input: Input, telnet: Telnet): void {
    const { chunk, at } = input
    const end = chunk.subarray(at, at + this.bytesMax).indexOf(LF)
    const bytes = input.takeSome(end === -1 ? this.bytesMax : end + 1)
    const length = telnet.filter.compact(bytes)
    telnet.commandBytes += bytes.length - length
    if (telnet.commandBytes > TELNET_SHARE * this.bytesMax) throw this.tooLong()
    telnet.data.push(bytes.subarray(0, length))
  }

  private tooLong(): LineError {
    return new LineError('LINE_TOO_LONG', `a line has at most ${this.bytesMax} bytes`)
  }
}
