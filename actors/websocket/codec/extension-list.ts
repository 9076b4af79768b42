/**
 * The value of Sec-WebSocket-Extensions, by the grammar of RFC 6455 section 9.1:
 * `1#(token *(";" token ["=" (token | quoted-string)]))`, where what a quoted string says is a token again.
 *
 * Rules: yes or no, and nothing is repaired: a server must fail the connection for a value that is not of this grammar.
 * Empty elements of a list are refused too, which no client sends.
 */
import { isBlank, isToken, isTokenChar } from '../../http/codec/grammar.ts'

export interface ExtensionOffer {
  readonly name: string
  /** In order of arrival, with duplicates; the value is `undefined` where there is no `=`. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The offers in their order, or `undefined` if `text` is not a list of them. */
export function parseExtensionList(text: string): readonly ExtensionOffer[] | undefined {
  const scanner = new Scanner(text)
  const offers: ExtensionOffer[] = []
  do {
    const name = scanner.token()
    if (name === undefined) return undefined
    const parameters: (readonly [string, string | undefined])[] = []
    while (scanner.skips(SEMICOLON)) {
      const parameter = scanner.token()
      if (parameter === undefined) return undefined
      const hasValue = scanner.skips(EQUALS)
      const value = hasValue ? scanner.value() : undefined
      if (hasValue && value === undefined) return undefined
      parameters.push([parameter, value])
    }
    offers.push({ name, parameters })
  } while (scanner.skips(COMMA))
  return scanner.isAtEnd ? offers : undefined
}

/** Reads from left to right; blanks may stand before and behind everything. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    this.#skipBlanks()
    return this.#at === this.#text.length
  }

  /** Whether `char` is next; it is consumed then. */
  skips(char: number): boolean {
    this.#skipBlanks()
    if (this.#text.charCodeAt(this.#at) !== char) return false
    this.#at++
    return true
  }

  token(): string | undefined {
    this.#skipBlanks()
    const start = this.#at
    while (isTokenChar(this.#text.charCodeAt(this.#at))) this.#at++
    return this.#at === start ? undefined : this.#text.slice(start, this.#at)
  }

  /** A token, or a string in quotes that says one. */
  value(): string | undefined {
    return this.skips(QUOTE) ? this.#quoted() : this.token()
  }

  #quoted(): string | undefined {
    let said = ''
    for (;;) {
      let char = this.#text.charCodeAt(this.#at++)
      if (char === QUOTE) return isToken(said) ? said : undefined
      if (char === BACKSLASH) char = this.#text.charCodeAt(this.#at++)
      // Past the end `char` is NaN, which is no character of a token.
      if (!isTokenChar(char)) return undefined
      said += String.fromCharCode(char)
    }
  }

  #skipBlanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++
  }
}
