/** What is told of a transaction once its outcome is known, when its hooks have run. */
import { DatabaseError } from '../errors.ts'
import { isLater } from '../maybe-later.ts'
import { AGAIN, FAILED, NOT_RUN, OK, type Report, SPOILT, TRANSIENT, UNKNOWN } from '../report.ts'
import type { Hook } from './effects.ts'
import type { Tx } from './tx.ts'

/** Its transaction. */
export interface Ended {
  readonly tx: Tx
}

export interface HookWorld {
  /** A hook that nobody waits for has failed. */
  hookFailed(error: unknown): void
}

export function committed(world: HookWorld, { tx }: Ended, value: unknown): Report {
  const { emits, published, afterCommit } = tx.effects
  const hookFailures = runHooks(world, afterCommit)
  return {
    status: OK,
    result: value,
    emits: emits.length === 0 ? undefined : emits,
    published: published.length,
    hookFailures,
  }
}

export function rolledBack(world: HookWorld, { tx }: Ended, error: unknown): Report {
  const hookFailures = runHooks(world, tx.effects.afterRollback)
  return {
    status: isTransient(error) ? TRANSIENT : FAILED,
    result: error,
    emits: undefined,
    published: 0,
    hookFailures,
  }
}

/** A body may throw what throws at a look: after COMMIT that would cost the others their results. */
function isTransient(error: unknown): boolean {
  try {
    return error instanceof DatabaseError && error.isTransient
  } catch {
    return false
  }
}

/** It is to be done again, alone. */
export function again(world: HookWorld, ended: Ended, cause: unknown): Report {
  return inVain(world, ended, AGAIN, cause)
}

/** It is to be done again because one of the group has failed: `error` is given for that one alone. */
export function spoilt(
  world: HookWorld,
  ended: Ended,
  { wasRun, error }: { readonly wasRun: boolean; readonly error: unknown },
): Report {
  return inVain(world, ended, wasRun ? SPOILT : NOT_RUN, error)
}

/** Nobody is told of this time: what its hooks throw goes to the log. */
function inVain(world: HookWorld, { tx }: Ended, status: number, cause: unknown): Report {
  for (const failure of runHooks(world, tx.effects.afterRollback) ?? []) world.hookFailed(failure)
  return { status, result: cause, emits: undefined, published: 0, hookFailures: undefined }
}

export function unknown(world: HookWorld, { tx }: Ended, error: unknown): Report {
  const hookFailures = runHooks(world, tx.effects.afterUnknown)
  return { status: UNKNOWN, result: error, emits: undefined, published: 0, hookFailures }
}

/** All of them, whatever one of them throws. */
function runHooks(world: HookWorld, hooks: readonly Hook[]): unknown[] | undefined {
  if (hooks.length === 0) return undefined
  const failures: unknown[] = []
  for (const hook of hooks) {
    try {
      const later = hook()
      if (isLater(later)) later.then(null, (error) => world.hookFailed(error))
    } catch (error) {
      failures.push(error)
    }
  }
  return failures.length === 0 ? undefined : failures
}
