/** Where a file is on a disk: in memory a commit would cost nothing, and nobody could be slow at it. */
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ContenderError } from '../harness/process-contender.ts'

/** What `statfs` calls file systems that live in memory: tmpfs and ramfs (Linux, `magic.h`). */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6]

/** @throws ContenderError where there is none. */
export async function durableFolder(): Promise<string> {
  const candidates = [tmpdir(), fileURLToPath(new URL('../..', import.meta.url))]
  for (const folder of candidates) {
    const { type } = await statfs(folder)
    if (!IN_MEMORY.includes(type)) return folder
  }
  throw new ContenderError(
    `no folder on a disk: ${candidates.join(' and ')} are in memory (TMPDIR says where to look first)`,
  )
}
