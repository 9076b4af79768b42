/**
 * Takes the TypeScript out of Markdown.
 *
 * A block marked `ts` is a whole program or module and must compile; one marked `ts run` must also run to its end and
 * exit with 0. The comments `// prints: text` in such a block promise its output,
 * line by line: these lines in this order, and no other. Other languages are prose.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

export interface Snippet {
  /** The document, relative to the tree's root. */
  readonly file: string
  /** The line of the block's first line of code, counted from 1. */
  readonly line: number
  readonly code: string
  readonly mustRun: boolean
  /** What `// prints:` comments promise, in order. */
  readonly prints: readonly string[]
}

const places = ['README.md', 'docs', 'runtime', 'actors', 'examples', 'bench']

/** Every document of the project. */
export function documents(root: string): string[] {
  const present = readdirSync(root).filter((name) => places.includes(name))
  return present.flatMap((name) =>
    name.endsWith('.md')
      ? [name]
      : readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
          .filter((path) => path.endsWith('.md'))
          .map((path) => posix.join(name, ...path.split(sep))),
  )
}

export function readSnippets(root: string, file: string): Snippet[] {
  const snippets: Snippet[] = []
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(lines[at]!)
    if (fence === null) continue
    const [, indent = '', ticks = '', info = ''] = fence
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks)
    if (end < 0) throw new Error(`${file}:${at + 1} opens a block that does not end`)
    const [language, ...words] = info.trim().split(/\s+/)
    if (language === 'ts' || language === 'typescript') {
      const unknown = words.find((word) => word !== 'run')
      if (unknown !== undefined)
        throw new Error(`${file}:${at + 1} marks a block "${unknown}": only "run" is known`)
      const block = lines
        .slice(at + 1, end)
        .map((line) => line.slice(line.startsWith(indent) ? indent.length : 0))
      snippets.push({
        file,
        line: at + 2,
        code: `${block.join('\n')}\n`,
        mustRun: words.includes('run'),
        prints: block
          .map((line) => /\/\/ prints: (.*)$/.exec(line)?.[1])
          .filter((text) => text !== undefined),
      })
    }
    at = end
  }
  return snippets
}
