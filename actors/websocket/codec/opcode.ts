/** The frame types of RFC 6455 section 5.2. All others are reserved. */
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** Bytes of payload that a control frame has at most (section 5.5). */
export const CONTROL_BYTES_MAX = 125

/** The types of control frames have this bit. */
const CONTROL_BIT = 0x8

export function isControl(opcode: number): boolean {
  return (opcode & CONTROL_BIT) !== 0
}

export function isKnownOpcode(opcode: number): boolean {
  return opcode <= BINARY || (opcode >= CLOSE && opcode <= PONG)
}
