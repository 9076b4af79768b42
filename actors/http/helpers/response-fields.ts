/**
 * Reads and changes the fields of a response that is made already. A block is text that was checked; what comes out of
 * here is a block again, and the one that went in stays as it was.
 */
import { COLON, matchesName } from '../codec/grammar.ts'
import { HeaderBlock, headerBlock, type ResponseHeaders } from '../codec/serialise.ts'

/** The value of a field, or undefined. Its lines are joined with `, ` (RFC 9110 section 5.3). */
export function fieldOf(block: HeaderBlock, name: string): string | undefined {
  let value: string | undefined
  for (const line of linesOf(block)) {
    if (!isNamed(line, name)) continue
    const text = line.slice(name.length + 2)
    value = value === undefined ? text : `${value}, ${text}`
  }
  return value
}

/** The block without the fields of these names. */
export function withoutFields(block: HeaderBlock, ...names: string[]): HeaderBlock {
  let text = ''
  let hasDate = false
  let hasUpgrade = false
  for (const line of linesOf(block)) {
    if (names.some((name) => isNamed(line, name))) continue
    text += `${line}\r\n`
    hasDate ||= isNamed(line, 'date')
    hasUpgrade ||= isNamed(line, 'upgrade')
  }
  return new HeaderBlock(text, hasDate, hasUpgrade)
}

/** The block with `headers` in the place of its own fields of the same names. @throws UsageError as `headerBlock`. */
export function withFields(block: HeaderBlock, headers: ResponseHeaders): HeaderBlock {
  const given = headerBlock(headers)
  if (given.text === '') return block
  const names = linesOf(given).map((line) => line.slice(0, line.indexOf(':')))
  const kept = withoutFields(block, ...names)
  const hasDate = kept.hasDate || given.hasDate
  return new HeaderBlock(kept.text + given.text, hasDate, kept.hasUpgrade || given.hasUpgrade)
}

function linesOf({ text }: HeaderBlock): string[] {
  return text === '' ? [] : text.slice(0, -2).split('\r\n')
}

function isNamed(line: string, name: string): boolean {
  return line.charCodeAt(name.length) === COLON && matchesName(line, 0, name)
}
