/**
 * Actors on worker threads.
 *
 * `onThread` makes a logic like any other: what is spawned from it is an ordinary actor at home, whose messages are handled
 * on a thread of its own.
 */
import type { AnyKey } from '../context/key.ts'
import { UsageError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { EventOf, InputOf, Logic } from '../system/logic.ts'
import { defaultThreadLimits, resolveThreadLimits, type ThreadLimits } from './limits.ts'
import { NearEnd, type NearEndPlan } from './near-end.ts'
import type { LogicName, NeedsOnThread, ThreadModule } from './thread-module.ts'
import type { WorkerOptions } from './worker-thread.ts'

export interface ThreadOptions extends Partial<ThreadLimits>, WorkerOptions {}

/** The logic that a module exports under a name, run on a thread. */
export type OnThread<M extends object, Name extends LogicName<M>> = Logic<
  EventOf<M[Name]> & EventObject,
  NeedsOnThread<M, M[Name]> & AnyKey,
  InputOf<M[Name]>
>

/** Names of the options of a thread. */
export const THREAD_OPTIONS: readonly string[] = [
  ...Object.keys(defaultThreadLimits),
  'resourceLimits',
  'env',
  'argv',
  'imports',
]

/**
 * A logic of which each actor has a thread, on which the module's logic runs: with its own loop, clock and system, and the
 * path, mailbox answers, questions, watchers and supervisor that it has at home.
 *
 * Messages are copied by structured clone, all of a turn at once; `transfer` hands buffers over instead. With a message
 * cross its context's deadline, cancellation, trace and portable values. The actor fails with a `ThreadError` when its
 * thread is lost; what becomes of it then its `restart` option or its supervisor decides. Questions under way fail with
 * `ThreadLostError`; mail that waits at home is kept.
 *
 * @param name - what the module exports the logic as.
 * @throws UsageError (`THREAD_OPTION_INVALID`, `THREAD_LIMIT_INVALID`)
 */
export function onThread<M extends object, Name extends LogicName<M>>(
  module: ThreadModule<M>,
  name: Name,
  options: ThreadOptions = {},
): OnThread<M, Name> {
  checkOptions(options, THREAD_OPTIONS)
  const plan = nearEndPlan(module, name, options)
  return {
    name: `${name} on a thread`,
    needs: [],
    create: (host, _ctx, input) => new NearEnd(host, plan, input),
  }
}

/** @throws UsageError (`THREAD_OPTION_INVALID`) for an option that nobody reads. */
export function checkOptions(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((option) => !names.includes(option))
  if (unknown === undefined) return
  throw new UsageError(
    'THREAD_OPTION_INVALID',
    `no option of a thread is named "${unknown}"; there are ${names.join(', ')}`,
  )
}

/** What near ends are made from. @throws UsageError (`THREAD_MODULE_INVALID`, `THREAD_LIMIT_INVALID`) */
export function nearEndPlan<M extends object>(
  module: ThreadModule<M>,
  exported: string,
  options: ThreadOptions,
): NearEndPlan {
  if (!(module?.url instanceof URL) || typeof exported !== 'string') {
    throw new UsageError('THREAD_MODULE_INVALID', 'a thread takes what threadModule has given, and a name')
  }
  return { module: module.url, exported, limits: resolveThreadLimits(options), options }
}
