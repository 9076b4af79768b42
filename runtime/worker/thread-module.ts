/** A module that threads import: by its URL there, by its type here. */
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { UsageError } from '../errors.ts'
import type { KeysOf, SomeLogic } from '../system/logic.ts'

declare const moduleType: unique symbol

/**
 * What a thread's module may export beside logics of actors:
 *
 * - `threadKeys`: portable keys of which messages bring their values, beside those that a logic names as its needs;
 * - `threadContext(ctx)`: adds what is opened once for the thread, a database say. What it returns, or promises, is the
 *   context that all on the thread stand on.
 */
export interface ThreadExports {
  readonly threadKeys?: readonly AnyKey[]
  readonly threadContext?: (ctx: Context) => Context<never> | PromiseLike<Context<never>>
}

/** A module, with the type of what it exports. */
export interface ThreadModule<M extends object> {
  readonly url: URL
  /** Only the compiler sees it. */
  readonly [moduleType]?: M
}

/** Names of the logics that a module exports. */
export type LogicName<M extends object> = {
  [Name in keyof M & string]: M[Name] extends SomeLogic ? Name : never
}[keyof M & string]

/** The keys that a logic needs and its thread does not bring itself. */
export type NeedsOnThread<M extends object, L> = Exclude<KeysOf<L>, ProvidedBy<M>>

type ProvidedBy<M> = M extends { threadContext: (ctx: never) => infer C }
  ? Awaited<C> extends Context<infer Held extends AnyKey>
    ? Held
    : never
  : never

/**
 * Names a module for threads: `threadModule<typeof import('./hasher.ts')>(new URL('./hasher.ts', import.meta.url))`.
 *
 * The URL ends as the file does that is there when it runs, `.ts` in source and `.js` when built; where a build changes
 * it, let it follow: `new URL(import.meta.url.endsWith('.ts') ? './hasher.ts' : './hasher.js', import.meta.url)`.
 *
 * @throws UsageError (`THREAD_MODULE_INVALID`) unless it is a `file:` or `data:` URL, or the text of one.
 */
export function threadModule<M extends object>(url: URL | string): ThreadModule<M> {
  const parsed = URL.canParse(`${url}`) ? new URL(url) : undefined
  if (parsed === undefined || !['file:', 'data:'].includes(parsed.protocol)) {
    throw new UsageError(
      'THREAD_MODULE_INVALID',
      `a thread's module is named by a file: or data: URL, as new URL('./name.ts', import.meta.url), not ${String(url)}`,
    )
  }
  return { url: parsed }
}
