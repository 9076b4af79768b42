/**
 * Which offer of permessage-deflate is taken, and what is answered (RFC 7692 section 7.1).
 *
 * Rules:
 * - An offer with a parameter that is unknown, comes twice or has a wrong value is declined (section 7.1), and the next
 *   one is looked at. If none is left, the connection speaks without compression.
 * - The answer always has both `no_context_takeover`: the server may ask it of the client whatever was offered
 *   (section 7.1.1.2), and may promise it itself (7.1.1.1). A window for each direction of each connection would cost
 *   some 300 KiB, and make every frame good for one client only.
 * - `client_max_window_bits` says what the client can do. We ask for nothing: our side reads every window.
 */
import type { DeflateAgreement } from './deflate.ts'
import type { ExtensionOffer } from './extension-list.ts'

const NAME = 'permessage-deflate'

const ANSWER = `${NAME}; server_no_context_takeover; client_no_context_takeover`

/** A whole number from 8 to 15 without leading zeros (section 7.1.2). */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/

const WINDOW_BITS_MAX = 15

/** zlib cannot compress to a raw stream with a window of 2^8 bytes, and would use 2^9. */
const WINDOW_BITS_MIN = 9

export interface DeflateAnswer extends DeflateAgreement {
  /** The value of Sec-WebSocket-Extensions in the answer. */
  readonly extensions: string
}

/** The first offer that can be met. Offers of other extensions are passed over. */
export function chooseDeflate(offers: readonly ExtensionOffer[]): DeflateAnswer | undefined {
  for (const { name, parameters } of offers) {
    if (name !== NAME) continue
    const asked = isValid(parameters) ? windowBitsIn(parameters) : 0
    if (asked === undefined) return { windowBits: WINDOW_BITS_MAX, extensions: ANSWER }
    // Whoever asks for a window is told it, the greatest one too (section 7.1.2.1).
    if (asked >= WINDOW_BITS_MIN) {
      return { windowBits: asked, extensions: `${ANSWER}; server_max_window_bits=${asked}` }
    }
  }
  return undefined
}

function isValid(parameters: ExtensionOffer['parameters']): boolean {
  const names = new Set(parameters.map(([name]) => name))
  return names.size === parameters.length && parameters.every(isValidParameter)
}

/** Names are compared as they are written: no specification says that their case does not matter. */
function isValidParameter([name, value]: ExtensionOffer['parameters'][number]): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined
    case 'client_max_window_bits':
      return value === undefined || WINDOW_BITS.test(value)
    case 'server_max_window_bits':
      return value !== undefined && WINDOW_BITS.test(value)
    default:
      return false
  }
}

/** The window that the client asks us to use, if it does. */
function windowBitsIn(parameters: ExtensionOffer['parameters']): number | undefined {
  const found = parameters.find(([name]) => name === 'server_max_window_bits')
  return found === undefined ? undefined : Number(found[1])
}
