/**
 * The fields of one message, kept as they arrived and looked up on demand.
 *
 * Rules: the received text is decoded once and kept whole; a field is four indices into it. Names compare without
 * regard to case, order is that of arrival, and a value is latin1: one character for each byte received. Most requests
 * look at two or three of their fields, so nothing is copied, lowered or put in a map before somebody asks.
 */
import { matchesName } from './grammar.ts'

export class HeaderFields {
  /** No fields at all, for messages without trailers. */
  static readonly none: HeaderFields = new HeaderFields()

  #text = ''
  /** For each field: start and end of its name, start and end of its value. */
  readonly #spans: number[] = []

  /** How many field lines there are; a name that came twice counts twice. */
  get count(): number {
    return this.#spans.length >> 2
  }

  /**
   * The value of a field, or `undefined`. Lines of the same name are joined with `, ` (RFC 9110 section 5.2), those of
   * Cookie with `; ` (RFC 6265). Set-Cookie cannot be joined: `get` gives its first line, `getAll` every one.
   */
  get(name: string): string | undefined {
    let value: string | undefined
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i + 4)) {
      if (value === undefined) value = this.#valueAt(i)
      else if (matches(name, 'set-cookie')) break
      else value += (matches(name, 'cookie') ? '; ' : ', ') + this.#valueAt(i)
    }
    return value
  }

  /** The value of every line of that name, in order of arrival. */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i + 4)) values.push(this.#valueAt(i))
    return values
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1
  }

  /** Every line as `[name in small letters, value]`, in order of arrival. */
  *[Symbol.iterator](): Generator<[name: string, value: string], void, undefined> {
    for (let i = 0; i < this.#spans.length; i += 4) yield [this.#nameAt(i).toLowerCase(), this.#valueAt(i)]
  }

  /** Length of the name of line `index`: what a scan over all lines compares first. For the codec. */
  nameLengthAt(index: number): number {
    return this.#spans[4 * index + 1]! - this.#spans[4 * index]!
  }

  /** Whether line `index`, whose name is as long as `name`, has that name. For the codec. */
  isNamedAt(index: number, name: string): boolean {
    return matchesName(this.#text, this.#spans[4 * index]!, name)
  }

  /** Value of line `index`. For the codec. */
  valueOf(index: number): string {
    return this.#valueAt(4 * index)
  }

  /** Characters received so far: where the next block begins, and what `add` counts from. For the codec. */
  get textLength(): number {
    return this.#text.length
  }

  /** Notes a field by its indices in the text, which may be appended later. For the codec. */
  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    this.#spans.push(nameStart, nameEnd, valueStart, valueEnd)
  }

  /** Appends a decoded block of lines. For the codec. */
  append(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text
  }

  #find(name: string, from: number): number {
    const spans = this.#spans
    for (let i = from; i < spans.length; i += 4) {
      const start = spans[i]!
      if (spans[i + 1]! - start === name.length && matchesName(this.#text, start, name)) return i
    }
    return -1
  }

  #nameAt(i: number): string {
    return this.#text.slice(this.#spans[i]!, this.#spans[i + 1]!)
  }

  #valueAt(i: number): string {
    return this.#text.slice(this.#spans[i + 2]!, this.#spans[i + 3]!)
  }
}

function matches(name: string, other: string): boolean {
  return name.length === other.length && matchesName(name, 0, other)
}
