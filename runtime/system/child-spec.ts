/** What a supervisor is told of a child before it lives: what it is called, what it runs, and how it is kept. */
import type { AnyKey } from '../context/key.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { EventOf, InputOf, KeysOf, SomeLogic } from './logic.ts'
import type { Restart, RestartFrom, SpawnOptions } from './options.ts'

/** How a child is kept. Its restarts are counted, and paced, by the supervisor. `N`: what may be sent to its name. */
export interface ChildOptions<N extends EventObject = never>
  extends Omit<SpawnOptions<N>, 'name' | 'restart'> {
  /** Default `permanent`. */
  readonly restart?: Restart
  /** Where a machine's restart begins. Default `start`. */
  readonly from?: RestartFrom
  /** Milliseconds to finish when it is stopped. Default: the limit `shutdownMs`, 5,000. 0 ends it at once. */
  readonly shutdownMs?: number
  /** Its end for good, done or failed, counts for `autoShutdown`. Of children that are not permanent. Default false. */
  readonly isSignificant?: boolean
}

declare const needed: unique symbol

/** What a supervisor knows of a child: made by `child`. */
export interface ChildSpec<out K extends AnyKey = never> {
  /** Only the compiler sees it: the keys that its context must hold. */
  readonly [needed]?: K
  readonly name: string
  readonly logic: object
  readonly options: ChildOptions & { readonly input?: unknown }
}

/** `input` must be given where the logic asks for one. */
export type ChildOptionsFor<I, N extends EventObject> = undefined extends I
  ? [options?: ChildOptions<N> & { readonly input?: I }]
  : [options: ChildOptions<N> & { readonly input: I }]

/** Specifies a child: what it is called, what it runs, and how it is kept. */
export function child<L extends SomeLogic, N extends EventOf<L> = EventOf<L>>(
  name: string,
  logic: L,
  ...[options = {}]: ChildOptionsFor<InputOf<L>, N>
): ChildSpec<KeysOf<L>> {
  return { name, logic, options: options as unknown as ChildSpec['options'] }
}

/** The keys that a child of this specification needs. */
export type NeedsOf<S> = S extends ChildSpec<infer K> ? K : never
