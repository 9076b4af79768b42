/**
 * Turns the `?` of a statement into PostgreSQL's `$1`, `$2`, ..., which is all that has to be understood of SQL for it: where
 * text, names and comments begin and end.
 *
 * Rules: `??` stands for the operator `?`, as in JDBC. A statement that has `$1` in it is its author's own: it is left as it is.
 * What never ends (a text without its closing quote) reaches to the end of the statement: the server says it better.
 *
 * Source: PostgreSQL's manual, 4.1 Lexical Structure.
 */

export interface Translated {
  readonly text: string
  /** How many parameters it takes. */
  readonly parameters: number
  /** The first word, in small letters; empty where it begins with something else. */
  readonly verb: string
}

export function translate(sql: string): Translated {
  let text = ''
  /** Up to where `text` has what it needs of `sql`. */
  let copied = 0
  let marks = 0
  let largest = 0
  let verb: string | undefined
  let at = 0
  while (at < sql.length) {
    const begin = at
    at = skip(sql, begin)
    if (at === begin) {
      at += 1
      if (sql[begin] === '?') {
        const isOperator = sql[at] === '?'
        text += sql.slice(copied, begin) + (isOperator ? '?' : `$${++marks}`)
        if (isOperator) at += 1
        copied = at
      }
      if (!isBlank(sql.charCodeAt(begin))) verb ??= ''
      continue
    }
    const code = sql.charCodeAt(begin)
    if (code === DOLLAR && isDigit(sql.charCodeAt(begin + 1))) {
      largest = Math.max(largest, Number(sql.slice(begin + 1, at)))
    }
    if (beginsName(code)) verb ??= sql.slice(begin, at).toLowerCase()
    else if (code !== DASH && code !== SLASH) verb ??= ''
  }
  verb ??= ''
  if (largest > 0) return { text: sql, parameters: largest, verb }
  return { text: text + sql.slice(copied), parameters: marks, verb }
}

/** @returns where the token that begins at `at` ends, if it is one within which nothing has a meaning; else `at`. */
function skip(sql: string, at: number): number {
  const code = sql.charCodeAt(at)
  if (code === QUOTE || code === DOUBLE_QUOTE) return afterQuoted(sql, at, false)
  if (code === DASH && sql.charCodeAt(at + 1) === DASH) return after(sql, '\n', at)
  if (code === SLASH && sql.charCodeAt(at + 1) === STAR) return afterComment(sql, at)
  if (code === DOLLAR) return afterDollar(sql, at)
  if (!beginsName(code)) return at
  const end = afterName(sql, at)
  // Only a text that has E directly before it knows the backslash. U&'', B'', X'' and N'' are as plain ones are.
  const escapes = end === at + 1 && (code | SMALL) === SMALL_E && sql.charCodeAt(end) === QUOTE
  return escapes ? afterQuoted(sql, end, true) : end
}

/** A quote within is doubled, so what looks like two texts side by side is one; for us both are the same. */
function afterQuoted(sql: string, at: number, escapes: boolean): number {
  const quote = sql[at] as string
  if (!escapes) return after(sql, quote, at + 1)
  for (let next = at + 1; next < sql.length; next++) {
    if (sql.charCodeAt(next) === BACKSLASH) next += 1
    else if (sql[next] === quote) {
      if (sql[next + 1] !== quote) return next + 1
      next += 1
    }
  }
  return sql.length
}

/** Comments stand within each other. */
function afterComment(sql: string, at: number): number {
  let depth = 1
  let next = at + 2
  while (next < sql.length) {
    const pair = sql.slice(next, next + 2)
    if (pair === '/*') depth += 1
    else if (pair === '*/') depth -= 1
    next += pair === '/*' || pair === '*/' ? 2 : 1
    if (depth === 0) return next
  }
  return sql.length
}

/** `$1`, or a text in dollars: `$$...$$`, `$tag$...$tag$`. */
function afterDollar(sql: string, at: number): number {
  let end = at + 1
  if (isDigit(sql.charCodeAt(end))) {
    while (isDigit(sql.charCodeAt(end))) end += 1
    return end
  }
  if (beginsName(sql.charCodeAt(end))) {
    while (beginsName(sql.charCodeAt(end)) || isDigit(sql.charCodeAt(end))) end += 1
  }
  if (sql.charCodeAt(end) !== DOLLAR) return at
  return after(sql, sql.slice(at, end + 1), end + 1)
}

/** A dollar within a name is a part of it. */
function afterName(sql: string, at: number): number {
  let end = at + 1
  for (;;) {
    const code = sql.charCodeAt(end)
    if (!beginsName(code) && !isDigit(code) && code !== DOLLAR) return end
    end += 1
  }
}

function after(sql: string, what: string, from: number): number {
  const found = sql.indexOf(what, from)
  return found === -1 ? sql.length : found + what.length
}

function beginsName(code: number): boolean {
  return ((code | SMALL) >= SMALL_A && (code | SMALL) <= SMALL_Z) || code === UNDERSCORE || code >= NOT_ASCII
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** What may stand before a statement: the server takes an empty one before it for nothing. */
function isBlank(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= RETURN) || code === SEMICOLON
}

const TAB = 0x09
const RETURN = 0x0d
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const DOLLAR = 0x24
const QUOTE = 0x27
const STAR = 0x2a
const DASH = 0x2d
const SLASH = 0x2f
const ZERO = 0x30
const NINE = 0x39
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f
const SMALL_A = 0x61
const SMALL_E = 0x65
const SMALL_Z = 0x7a
/** The bit that makes a letter of ASCII a small one. */
const SMALL = 0x20
const NOT_ASCII = 0x80
