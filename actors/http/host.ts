/**
 * `Host = uri-host [ ":" port ]` (RFC 9110 section 7.2), as found in Host and in absolute and authority targets.
 *
 * Rules: an empty host is refused although the grammar of reg-name permits it, and so is userinfo: neither has a use
 * in a request to a server, and both confuse whoever routes by host.
 */
import { isDigit, isRegNameChar } from './grammar.ts'

/** The inside of an IP-literal: IPv6, IPvFuture, zone. Its value is not checked, its characters are. */
const IP_LITERAL = /^\[[0-9A-Za-z:.%~_-]+\]/

export function isHost(text: string): boolean {
  let i = 0
  if (text.charCodeAt(0) === 0x5b) {
    i = IP_LITERAL.exec(text)?.[0].length ?? 0
  } else {
    while (isRegNameChar(text.charCodeAt(i))) i++
  }
  return i > 0 && (i === text.length || isPort(text, i))
}

/** `":" *DIGIT` up to the end; an empty port stands for the default one, and no port has more than five digits. */
function isPort(text: string, colon: number): boolean {
  if (text.charCodeAt(colon) !== 0x3a || text.length - colon > 6) return false
  for (let i = colon + 1; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false
  return true
}
