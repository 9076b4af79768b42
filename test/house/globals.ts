/**
 * Finds uses of global names in blanked code (see source.ts).
 *
 * A name is looked for as a word, so a member of something else (`headers.Date`), a key (`{ Date: 1 }`) and the
 * definition of a method (`setTimeout(fn, ms) { ... }`) are no uses. What hides a global on purpose is not found:
 * the check is a reminder for colleagues, not a sandbox.
 */

export interface Use {
  readonly name: string
  readonly offset: number
}

export function* globalUses(code: string, names: readonly string[]): Generator<Use, void, void> {
  for (const name of names) {
    for (const match of code.matchAll(wordPattern(name))) {
      const end = match.index + match[0].length
      if (!isKey(code, match.index, end) && !isDefinition(code, match.index, end))
        yield { name, offset: match.index }
    }
  }
}

/** The name alone, or as a member of an object through which globals are reached. */
function wordPattern(name: string): RegExp {
  const word = name.split('.').join('\\s*\\??\\.\\s*')
  return new RegExp(`(?<![\\w$#.])(?:(?:globalThis|crypto|webcrypto)\\s*\\??\\.\\s*)*${word}(?![\\w$])`, 'g')
}

/** `{ name: ...`, `, name?: ...`: a key of an object or a member of a type. `a ? name : b` is a use. */
function isKey(code: string, start: number, end: number): boolean {
  return /^\s*\??:/.test(code.slice(end, end + 40)) && isMemberPosition(code, start)
}

/** `name(...) {` or `name(...): T`, where a member may stand. */
function isDefinition(code: string, start: number, end: number): boolean {
  if (!/^\s*[(<]/.test(code.slice(end, end + 40)) || !isMemberPosition(code, start)) return false
  const open = code.indexOf('(', end)
  let depth = 0
  for (let at = open; at >= 0 && at < code.length; at++) {
    if (code[at] === '(') depth++
    if (code[at] === ')' && --depth === 0) return /^\s*[{:]/.test(code.slice(at + 1, at + 40))
  }
  return false
}

function isMemberPosition(code: string, start: number): boolean {
  const before = code.slice(Math.max(0, start - 200), start)
  return /(?:[{,;}]|\n)\s*(?:(?:readonly|static|async|override|public|private|protected)\s+)*$/.test(before)
}
