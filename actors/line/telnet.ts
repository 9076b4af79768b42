/**
 * Takes what telnet says about itself out of what its user has typed (RFC 854): a telnet client talks to whatever it is
 * connected to, and a server of lines answers none of it.
 *
 * Rules: a command is IAC and one byte; with WILL, WONT, DO or DONT there is one byte more; a subnegotiation goes from IAC
 * SB to IAC SE. Any of its bytes may look like the end of a line, so this comes before lines are looked for. IAC IAC is
 * the byte 255 itself, which is left in: no UTF-8 has it. A command may be cut anywhere.
 */

export const IAC = 255
const SE = 240
const SB = 250
const WILL = 251
const DONT = 254

type State = 'data' | 'command' | 'option' | 'subnegotiation' | 'subnegotiationCommand'

export class TelnetFilter {
  private state: State = 'data'

  /** Moves what is data to the front of `bytes`. @returns how much that is. */
  compact(bytes: Uint8Array): number {
    let length = 0
    for (const byte of bytes) {
      if (this.isData(byte)) {
        bytes[length] = byte
        length += 1
      }
    }
    return length
  }

  private isData(byte: number): boolean {
    switch (this.state) {
      case 'data':
        if (byte !== IAC) return true
        this.state = 'command'
        return false
      case 'command':
        this.state = byte === SB ? 'subnegotiation' : byte >= WILL && byte <= DONT ? 'option' : 'data'
        return byte === IAC
      case 'option':
        this.state = 'data'
        return false
      case 'subnegotiation':
        if (byte === IAC) this.state = 'subnegotiationCommand'
        return false
      case 'subnegotiationCommand':
        this.state = byte === SE ? 'data' : 'subnegotiation'
        return false
    }
  }
}
