/** Builds client frames, also those that no client may send. Independent of our own writer. */

export interface FrameInit {
  readonly opcode: number
  readonly payload?: string | Uint8Array
  /** Default true. */
  readonly fin?: boolean
  /** RSV1 is 0x40, RSV2 0x20, RSV3 0x10. Default 0. */
  readonly rsv?: number
  /** `undefined` for no masking at all. Default 0x37fa213d, the key of RFC 6455 section 5.7. */
  readonly key?: number | undefined
  /** Bits of the length; the shortest where left out. */
  readonly lengthBits?: 7 | 16 | 64
  /** What the header says instead of the payload's own length. */
  readonly length?: bigint
}

const RFC_KEY = 0x37fa213d

export function frame(init: FrameInit): Buffer {
  const { opcode, payload = '', fin = true, rsv = 0 } = init
  const key = 'key' in init ? init.key : RFC_KEY
  const data = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload)
  const length = init.length ?? BigInt(data.length)
  const bits = init.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64)
  const isMasked = key !== undefined
  const header = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  header[0] = (fin ? 0x80 : 0) | rsv | opcode
  header[1] = (isMasked ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127)
  if (bits === 16) header.writeUInt16BE(Number(length), 2)
  if (bits === 64) header.writeBigUInt64BE(length, 2)
  if (!isMasked) return Buffer.concat([header, data])
  const mask = Buffer.alloc(4)
  mask.writeUInt32BE(key)
  for (let i = 0; i < data.length; i++) data[i]! ^= mask[i & 3]!
  return Buffer.concat([header, mask, data])
}

/** A whole message in one frame, or in one frame for each of several parts. */
export function message(opcode: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((payload, i) =>
      frame({ opcode: i === 0 ? opcode : 0x0, payload, fin: i === parts.length - 1 }),
    ),
  )
}

export function closing(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)])
  return frame({ opcode: 0x8, payload })
}

export function bytesOf(...hex: readonly string[]): Buffer {
  return Buffer.from(hex.join('').replace(/\s/g, ''), 'hex')
}
