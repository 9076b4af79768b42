/**
 * Sec-WebSocket-Protocol: which of the protocols that a client offers is spoken (RFC 6455 sections 4.1 and 4.2.2).
 *
 * Rules: the server's order of preference decides. Names are tokens and are compared as they are written. A list with
 * an empty element, with what is no token, or with one name twice is refused, as section 4.1 does not let a client send it.
 */
import { isToken } from '../../http/codec/grammar.ts'

/** The names in a field's lines, or `undefined` if they are not a list of different tokens. */
export function parseSubprotocols(lines: readonly string[]): readonly string[] | undefined {
  const names = lines.flatMap((line) => line.split(',').map(trimBlanks))
  return areDistinctTokens(names) ? names : undefined
}

export function areDistinctTokens(names: readonly string[]): boolean {
  return names.every(isToken) && new Set(names).size === names.length
}

/** The first of `ours` that is among `theirs`. */
export function chooseSubprotocol(ours: readonly string[], theirs: readonly string[]): string | undefined {
  return ours.find((name) => theirs.includes(name))
}

/** Only SP and HT are white space in HTTP; `trim` would also take U+00A0, which is a byte of obs-text. */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
