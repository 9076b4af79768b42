/** Temporary folders for tests that need files; each is removed when its test ends. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

/** The checkout that this file is in. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** A new empty folder, and how to remove it. */
export function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'greenroom-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A new folder with these files: path to text. It lives as long as the test. */
export function makeTree(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const { path: root, remove } = makeFolder()
  t.teardown(remove)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** Copies paths of the project into a folder, and lends it the project's installed packages. */
export function copyProject(folder: string, paths: readonly string[]): void {
  for (const path of paths) cpSync(join(projectRoot, path), join(folder, path), { recursive: true })
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'junction')
}
