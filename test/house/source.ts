/**
 * Reads a TypeScript file as far as the house rules need: its code without comments, strings and regular
 * expressions, and what it imports.
 *
 * It knows tokens, not grammar, so no compiler is needed and unfinished files can be read. Positions are kept:
 * everything that is blanked is replaced by as many spaces, so an offset in `code` is an offset in the file.
 */

/** One `import`, `export ... from`, or `import()` of a literal specifier, types and values alike. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

export interface Source {
  /** The text with comments and the insides of strings and regular expressions blanked. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** After these words a slash begins a regular expression; after any other word it divides. */
const beforeExpression =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|new|void|delete|throw|yield|await)$/

/** An import or export up to the quote of its specifier. Quotes in `code` are kept, so `$` means "at a quote". */
const beforeSpecifier =
  /(?:^|[^\w$.])(?:import|(?:import|export)\s+(?:type\s+)?(?:[\w$*\s,]|\{[^{}]*\})*\sfrom|import\s*\()\s*$/

export function readSource(text: string): Source {
  const code = new Blanking(text)
  const strings: { start: number; end: number }[] = []
  // One entry per template we are inside of: how many braces are open in its current `${}`.
  const templates: number[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]
    const start = at
    if (text.startsWith('//', at)) {
      at = endOf(text, '\n', at, 0)
      code.blank(start, at)
    } else if (text.startsWith('/*', at)) {
      at = endOf(text, '*/', at + 2, 2)
      code.blank(start, at)
    } else if (char === "'" || char === '"') {
      at = quoted(text, at + 1, char)
      strings.push({ start, end: at })
      code.blank(start + 1, at - 1)
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop()
      at = templateText(text, at + 1)
      if (text[at - 1] === '{') templates.push(0)
      code.blank(start + 1, at - 1)
    } else if (char === '/' && regexMayBegin(code.before(at))) {
      at = regex(text, at + 1)
      code.blank(start, at)
    } else {
      const open = templates.length - 1
      if (open >= 0 && char === '{') templates[open]!++
      if (open >= 0 && char === '}') templates[open]!--
      at++
    }
  }
  const blanked = code.done()
  const imports: Import[] = []
  for (const { start, end } of strings) {
    if (!beforeSpecifier.test(statementBefore(blanked, start))) continue
    imports.push({ specifier: text.slice(start + 1, end - 1), line: lineAt(text, start) })
  }
  return { code: blanked, imports }
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

class Blanking {
  readonly #text: string
  readonly #parts: string[] = []
  #end = 0

  constructor(text: string) {
    this.#text = text
  }

  blank(start: number, end: number): void {
    if (end <= start) return
    this.#parts.push(this.#text.slice(this.#end, start), this.#text.slice(start, end).replace(/[^\n]/g, ' '))
    this.#end = end
  }

  /** The code just before an offset that nothing was blanked after: enough of it to see the last token. */
  before(offset: number): string {
    const last = this.#text.slice(this.#end, offset)
    return (last.trim() === '' ? this.#parts.slice(-4).join('') + last : last).trimEnd().slice(-16)
  }

  done(): string {
    this.#parts.push(this.#text.slice(this.#end))
    return this.#parts.join('')
  }
}

/** A slash divides after a value (a name, a number, a string, a closing bracket) and opens a regex elsewhere. */
function regexMayBegin(before: string): boolean {
  return before === '' || !/[\w$)\]}'"`]$/.test(before) || beforeExpression.test(before)
}

/** The import statement or call that a specifier's quote may end: what stands since the last string. */
function statementBefore(code: string, quoteAt: number): string {
  const from = Math.max(code.lastIndexOf("'", quoteAt - 1), code.lastIndexOf('"', quoteAt - 1)) + 1
  return code.slice(from, quoteAt)
}

function endOf(text: string, token: string, from: number, length: number): number {
  const found = text.indexOf(token, from)
  return found < 0 ? text.length : found + length
}

/** A string ends at its quote, or at the end of an unfinished line. */
function quoted(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

/** The text of a template ends behind its backtick or behind the `${` of the next expression. */
function templateText(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    if (text[at] === '`') return at + 1
    if (text.startsWith('${', at)) return at + 2
    at += text[at] === '\\' ? 2 : 1
  }
  return text.length
}

function regex(text: string, from: number): number {
  let inClass = false
  let at = from
  while (at < text.length && text[at] !== '\n') {
    const char = text[at]
    if (char === '/' && !inClass) return at + 1
    if (char === '[') inClass = true
    if (char === ']') inClass = false
    at += char === '\\' ? 2 : 1
  }
  return at
}
