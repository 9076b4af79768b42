/** A pool: the handler of a stage whose jobs are done by actors, at home or each on a thread of its own. */
import type { AnyKey } from '../../runtime/context/key.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { AnyLogic, EventOf, InputOf, SomeLogic } from '../../runtime/system/logic.ts'
import type { ReplyOf } from '../../runtime/system/ref.ts'
import { invalid } from './controllers/options.ts'
import { type PoolOptions, type ResolvedPoolOptions, resolvePoolOptions } from './controllers/pool-options.ts'
import type { BatchEvent, JobEvent } from './member-logic.ts'
import type { Outcome } from './outcome.ts'

/** What the members of a pool are given: a job at a time, or several at once. */
export type Takes = 'jobs' | 'batches'

declare const jobType: unique symbol
declare const resultType: unique symbol

/** Made by `pool`. */
export class Pool<J, R> {
  /** Only the compiler sees them. */
  declare readonly [jobType]: (job: J) => void
  declare readonly [resultType]: R
  readonly logic: SomeLogic
  readonly takes: Takes
  readonly options: ResolvedPoolOptions
  readonly input: unknown

  constructor(logic: SomeLogic, takes: Takes, options: ResolvedPoolOptions, input: unknown) {
    this.logic = logic
    this.takes = takes
    this.options = options
    this.input = input
  }

  /** The keys that its members need in the stage's context. */
  get needs(): readonly AnyKey[] {
    return (this.logic as AnyLogic).needs ?? []
  }
}

type JobEventOf<L> = Extract<EventOf<L>, { readonly type: 'job' }>
type BatchEventOf<L> = Extract<EventOf<L>, { readonly type: 'batch' }>
type TakesJobs<L> = [JobEventOf<L>] extends [never] ? false : true

/** The jobs that members of this logic do. */
export type JobOf<L> =
  TakesJobs<L> extends true
    ? JobEventOf<L> extends JobEvent<infer J>
      ? J
      : never
    : BatchEventOf<L> extends BatchEvent<infer J>
      ? J
      : never

/** What comes of them. */
export type ResultOf<L> =
  TakesJobs<L> extends true
    ? ReplyOf<JobEventOf<L>>
    : ReplyOf<BatchEventOf<L>> extends readonly Outcome<infer R>[]
      ? R
      : never

/** `takes` must say so where the logic takes batches: nobody at home can look into a thread's module. */
type TakesOption<L> = TakesJobs<L> extends true ? { readonly takes?: 'jobs' } : { readonly takes: 'batches' }

/** `input` must be given where the logic asks for one. Every member gets the same. */
type InputOption<I> = undefined extends I ? { readonly input?: I } : { readonly input: I }

export type PoolConfig<L> = PoolOptions & TakesOption<L> & InputOption<InputOf<L>>

type PoolArgs<L> =
  Record<never, never> extends PoolConfig<L> ? [config?: PoolConfig<L>] : [config: PoolConfig<L>]

/**
 * Makes a pool of members, of which each runs `logic`: one made by `jobs` or `batches`, one `onThread`, or any that
 * answers the same events. The pool controller keeps from `min` to `max` of them.
 *
 *     pool(onThread(crypto, 'hash'), { min: 1, max: 4 })
 *     pool(onThread(database, 'insert'), { takes: 'batches', max: 1 })
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds, or one that is unknown.
 */
export function pool<L extends SomeLogic>(logic: L, ...[config]: PoolArgs<L>): Pool<JobOf<L>, ResultOf<L>> {
  if (typeof logic !== 'object' || logic === null) {
    throw new UsageError('STAGE_OPTION_INVALID', `pool takes a logic, not ${String(logic)}`)
  }
  const {
    takes = 'jobs',
    input,
    ...options
  } = (config ?? {}) as PoolOptions & {
    readonly takes?: Takes
    readonly input?: unknown
  }
  if (takes !== 'jobs' && takes !== 'batches') invalid('pool.takes', takes, '"jobs" or "batches"')
  return new Pool(logic, takes, resolvePoolOptions(options), input)
}
