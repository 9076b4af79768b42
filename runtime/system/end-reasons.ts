/** Ends that nobody has asked for by name, and which of two reasons counts. */
import type { EndReason } from './ref.ts'

export const PARENT_ENDED: EndReason = { kind: 'stopped', reason: 'its parent has ended' }
export const DRAINED: EndReason = { kind: 'stopped', reason: 'drained' }

/** A stop is stronger than a failure, which may mean a restart; a failure is stronger than having finished. */
export function rank({ kind }: EndReason): number {
  return kind === 'stopped' ? 2 : kind === 'failed' ? 1 : 0
}
