/**
 * How a server's messages are put into frames: plainly, or compressed for clients that have agreed on it. There is one format
 * for each window that was agreed on, made once, so that whoever has the same one shares the bytes.
 */
import type { Format } from '../session/shared.ts'
import { type DeflateAgreement, encodeDeflated } from './codec/deflate.ts'
import { encodeBinary, encodeText } from './codec/frame-writer.ts'

export type Encode<Out> = (message: Out) => string | Uint8Array

export class Formats<Out> {
  private readonly encode: Encode<Out>
  private readonly deflateBytesMin: number
  private readonly plain: Format<Out>
  private readonly deflated = new Map<number, Format<Out>>()

  constructor(encode: Encode<Out>, deflateBytesMin: number) {
    this.encode = encode
    this.deflateBytesMin = deflateBytesMin
    this.plain = { encode: (message) => frameOf(encode(message)) }
  }

  for(agreement: DeflateAgreement | undefined): Format<Out> {
    if (agreement === undefined) return this.plain
    const { windowBits } = agreement
    let format = this.deflated.get(windowBits)
    if (format === undefined) {
      format = { encode: (message) => this.compressed(message, agreement) }
      this.deflated.set(windowBits, format)
    }
    return format
  }

  private compressed(message: Out, agreement: DeflateAgreement): Uint8Array {
    const content = this.encode(message)
    const isText = typeof content === 'string'
    const bytes = isText ? Buffer.from(content) : content
    const frame = encodeDeflated(isText ? 'text' : 'binary', bytes, agreement, this.deflateBytesMin)
    return frame ?? frameOf(content)
  }
}

function frameOf(content: string | Uint8Array): Uint8Array {
  if (typeof content === 'string') return encodeText(content)
  const [only, ...others] = encodeBinary(content)
  return others.length === 0 ? (only as Uint8Array) : Buffer.concat([only as Uint8Array, ...others])
}
