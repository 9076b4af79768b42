/**
 * Checks a source tree against the rules of the house (rules.ts) and says, for each violation, where, what, and
 * what to do about it.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { findCycles } from './cycles.ts'
import { globalUses } from './globals.ts'
import {
  entries,
  governed,
  isWithin,
  layers,
  linesGoverned,
  linesMax,
  ownNames,
  privileges,
  reserved,
  shipped,
} from './rules.ts'
import { lineAt, readSource, type Source } from './source.ts'

export interface Violation {
  /** Relative to the tree's root, with forward slashes. */
  readonly file: string
  readonly line: number
  readonly what: string
  readonly remedy: string
}

export interface HouseReport {
  readonly files: number
  /** In the order of their files, then of their lines. */
  readonly violations: readonly Violation[]
}

interface SourceFile extends Source {
  readonly path: string
  readonly text: string
}

/** Reads every TypeScript file below the folders that `layers` names, and checks it. */
export function checkHouse(root: string): HouseReport {
  const files = readTree(root)
  const paths = new Set(files.map((file) => file.path))
  const violations = files.flatMap((file) => [
    ...placeViolations(file),
    ...importViolations(file, paths),
    ...privilegeViolations(file),
  ])
  violations.push(...cycleViolations(files))
  violations.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
  return { files: files.length, violations }
}

function readTree(root: string): SourceFile[] {
  const folders = new Set(layers.map((layer) => layer.slice(0, layer.indexOf('/'))))
  const present = readdirSync(root).filter((name) => folders.has(name))
  return present
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.[cm]?tsx?$/.test(name))
        .map((name) => posix.join(folder, ...name.split(sep))),
    )
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, ...readSource(text) }
    })
}

/** Name, size, header, and what an index may hold. */
function* placeViolations(file: SourceFile): Generator<Violation, void, void> {
  const { path, text, code } = file
  const at = (line: number, what: string, remedy: string) => ({ file: path, line, what, remedy })
  const odd = path.split('/').find((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.test-d)?(\.ts)?$/.test(part))
  if (odd !== undefined)
    yield at(1, `the name "${odd}" is not kebab-case`, 'rename it: words-with-hyphens.ts')
  if (layerOf(path) < 0) yield at(1, 'has no place in the order of layers', 'add it to test/house/rules.ts')

  const lines = text.split('\n').length - 1
  if (lines > linesMax && isWithin(path, linesGoverned))
    yield at(linesMax + 1, `has ${lines} lines, of ${linesMax} allowed`, 'move its second concept to a file')

  if (posix.basename(path) === 'index.ts') {
    const rest = code.replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s*from\s*(['"])\s*\4/g, '')
    if (/[^\s;]/.test(rest) && isWithin(path, shipped))
      yield at(
        lineAt(rest, rest.search(/[^\s;]/)),
        'an index only re-exports',
        'move the code to a file of its own',
      )
  } else if (!/^(#!.*\n)?\s*\/[/*]/.test(text)) {
    yield at(1, 'does not say what it is for', "begin it with a comment: the file's job and its rules")
  }
}

/** Direction, reserved folders, and the form of a specifier. */
function* importViolations(file: SourceFile, paths: ReadonlySet<string>): Generator<Violation, void, void> {
  const own = layerOf(file.path)
  const isShipped = isWithin(file.path, shipped)
  for (const { specifier, line } of file.imports) {
    const target = resolve(file.path, specifier)
    if (target === undefined || target.endsWith('.json')) continue
    const at = (what: string, remedy: string) => ({ file: file.path, line, what, remedy })

    if (!paths.has(target)) {
      yield at(`imports "${specifier}", which is no file`, 'name the file, with its .ts')
      continue
    }
    if (layerOf(target) > own) {
      yield at(
        `imports upwards: ${layers[own]} may not know ${layers[layerOf(target)]}`,
        'pass what is needed as an argument, or move the shared part down',
      )
    }
    for (const { path, openTo, remedy } of reserved) {
      if (isWithin(target, [path]) && !isWithin(file.path, [path, ...openTo]))
        yield at(`imports ${path}, which is closed to it`, remedy)
    }
    if (isShipped && posix.basename(target) === 'index.ts' && posix.basename(file.path) !== 'index.ts')
      yield at(`imports the index ${target}`, 'import the file that defines the name')
  }
}

function* privilegeViolations(file: SourceFile): Generator<Violation, void, void> {
  if (!isWithin(file.path, governed) || entries.test(file.path)) return
  for (const { modules, globals = [], holders, remedy } of privileges) {
    if (isWithin(file.path, holders)) continue
    for (const { specifier, line } of file.imports) {
      if (modules?.test(specifier)) yield { file: file.path, line, what: `imports ${specifier}`, remedy }
    }
    for (const { name, offset } of globalUses(file.code, globals))
      yield { file: file.path, line: lineAt(file.code, offset), what: `uses ${name}`, remedy }
  }
}

function* cycleViolations(files: readonly SourceFile[]): Generator<Violation, void, void> {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports.map(({ specifier }) => resolve(file.path, specifier)).filter((path) => path !== undefined),
    ]),
  )
  for (const cycle of findCycles(edges)) {
    const [first, second] = [cycle[0]!, cycle[1] ?? cycle[0]!]
    const file = files.find(({ path }) => path === first)!
    const closing = file.imports.find(({ specifier }) => resolve(first, specifier) === second)!
    yield {
      file: first,
      line: closing.line,
      what: `imports itself: ${[...cycle, first].join(' -> ')}`,
      remedy: 'move what both need to a file below them',
    }
  }
}

/** The file that a specifier of ours stands for; `undefined` for a package or a module of Node. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  return Object.hasOwn(ownNames, specifier) ? ownNames[specifier] : undefined
}

/** Index in `layers`, or -1. */
function layerOf(path: string): number {
  return layers.findIndex((layer) => isWithin(path, [layer]))
}
