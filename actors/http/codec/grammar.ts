/**
 * The character classes of RFC 9110 section 5.6 and RFC 9112, as tables that byte scanners index.
 *
 * Rules: a class says what is allowed, never what is forbidden. All predicates take a byte, and answer false beyond
 * the input, where an index gives `undefined`.
 */
export const HT = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** tchar: method names, field names, most parameters. */
const TOKEN = setOf(`!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`)

/**
 * Printable ASCII without `#`, since a fragment is never sent. Wider than RFC 3986, because browsers send `|`, `{` and
 * `^` in queries unescaped and none of them can move the end of the target.
 */
const TARGET = setOf(range(0x21, 0x7e).replace('#', ''))

/** What a field value may hold: HT, SP, visible ASCII and obs-text. No other control: CR, LF and NUL are how requests are smuggled. */
const FIELD_VALUE = setOf(`\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`)

/** What stands for itself in a reg-name of RFC 3986: unreserved and sub-delims, but no comma (see `host.ts`). */
const REG_NAME = setOf(`-._~!$&'()*+;=${DIGITS}${LETTERS}`)

const HEX = setOf('0123456789abcdefABCDEF')

/** Each byte with the ASCII capitals made small; a field name is compared through it. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte))

export function isTokenChar(byte: number | undefined): boolean {
  return TOKEN[byte as number] === 1
}

export function isTargetChar(byte: number | undefined): boolean {
  return TARGET[byte as number] === 1
}

export function isFieldValueChar(byte: number | undefined): boolean {
  return FIELD_VALUE[byte as number] === 1
}

export function isRegNameChar(byte: number | undefined): boolean {
  return REG_NAME[byte as number] === 1
}

export function isDigit(byte: number | undefined): boolean {
  return (byte as number) >= 0x30 && (byte as number) <= 0x39
}

export function isHexDigit(byte: number | undefined): boolean {
  return HEX[byte as number] === 1
}

/** OWS: the white space that may surround a field value. */
export function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HT
}

/** Whether `text` holds `name` at `at`, without regard to the case of ASCII letters. */
export function matchesName(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (LOWER[text.charCodeAt(at + i)] !== LOWER[name.charCodeAt(i)]) return false
  }
  return true
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenChar(text.charCodeAt(i))) return false
  return text.length > 0
}

export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isFieldValueChar(text.charCodeAt(i))) return false
  return true
}

function setOf(characters: string): Uint8Array {
  const set = new Uint8Array(256)
  for (let i = 0; i < characters.length; i++) set[characters.charCodeAt(i)] = 1
  return set
}

function range(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, i) => first + i))
}
