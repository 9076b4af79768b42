/**
 * `Host = uri-host [ ":" port ]` (RFC 9110 section 7.2), as found in Host and in absolute and authority targets.
 *
 * Rules: whoever routes by host must read the same host as we do, so what has two readings, or no use in a request to
 * a server, is refused even where the grammar of RFC 3986 section 3.2 would let it pass:
 * - an empty host (RFC 9110 section 4.2.1) and userinfo (section 4.2.4);
 * - a comma, which is what an intermediary leaves where it has joined two Hosts into one (section 5.3);
 * - a zone in an IPv6 address, which means something only to its sender (RFC 6874 section 4);
 * - an IPvFuture, since no version of it was ever defined.
 */
import { isDigit, isHexDigit, isRegNameChar } from './grammar.ts'

const PERCENT = 0x25
const COLON = 0x3a
const BRACKET = 0x5b

const PORT_DIGITS_MAX = 5
const PORT_MAX = 65_535

/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8

const GROUP = /^[0-9A-Fa-f]{1,4}$/

/** Decimal, without leading zeros: those have been read as octal. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

export function isHost(text: string): boolean {
  const end = text.charCodeAt(0) === BRACKET ? literalEnd(text) : nameEnd(text)
  return end > 0 && (end === text.length || isPort(text, end))
}

/**
 * `1*DIGIT` up to 65535 behind the last colon, as an authority target must have it: CONNECT to an empty or invalid port
 * is to be refused (RFC 9110 section 9.3.6), and nothing listens on port 0.
 */
export function hasPort(authority: string): boolean {
  const port = authority.slice(authority.lastIndexOf(':') + 1)
  return port.length < authority.length && /^\d+$/.test(port) && Number(port) > 0
}

/** Index behind the reg-name or IPv4 address that `text` begins with; 0 if a percent sign encodes nothing. */
function nameEnd(text: string): number {
  let i = 0
  for (;;) {
    const char = text.charCodeAt(i)
    if (isRegNameChar(char)) {
      i++
    } else if (char === PERCENT) {
      if (!isHexDigit(text.charCodeAt(i + 1)) || !isHexDigit(text.charCodeAt(i + 2))) return 0
      i += 3
    } else {
      return i
    }
  }
}

/** Index behind the closing bracket; 0 if what the brackets hold is no IPv6 address. */
function literalEnd(text: string): number {
  const end = text.indexOf(']')
  return isIPv6(text.slice(1, end)) ? end + 1 : 0
}

/**
 * IPv6address of RFC 3986 section 3.2.2: eight groups, of which the last two may be an IPv4 address, and `::` once for
 * one group of zeros or more.
 */
function isIPv6(text: string): boolean {
  const halves = text.split('::')
  const last = countGroups(halves.at(-1)!, true)
  if (halves.length === 1) return last === GROUPS
  return halves.length === 2 && countGroups(halves[0]!, false) + last < GROUPS
}

/** Groups in a part of an address; `NaN` if it is not one. */
function countGroups(part: string, mayEndInIPv4: boolean): number {
  if (part === '') return 0
  const groups = part.split(':')
  const isMixed = mayEndInIPv4 && IPV4.test(groups.at(-1)!)
  if (isMixed) groups.pop()
  return groups.every((group) => GROUP.test(group)) ? groups.length + (isMixed ? 2 : 0) : Number.NaN
}

/** `":" *DIGIT` up to the end; an empty port stands for the default one. */
function isPort(text: string, colon: number): boolean {
  const digits = text.length - colon - 1
  if (text.charCodeAt(colon) !== COLON || digits > PORT_DIGITS_MAX) return false
  let port = 0
  for (let i = colon + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (!isDigit(char)) return false
    port = 10 * port + char - 0x30
  }
  return port <= PORT_MAX
}
