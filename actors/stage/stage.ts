/**
 * A stage: a bounded queue before work that is long, or of uncertain length, and controllers that keep it in time.
 *
 *     const hashing = openStage(ctx, { name: 'hashing', handler: pool(onThread(crypto, 'hash'), { max: 4 }) })
 *     const digest = hashing.submit(request, password)
 *     if (isRefused(digest)) return digest
 *     return text(await digest)
 *
 * `submit` never waits: it gives a deferred of the result, or a refusal at once. What happens then stands in README.md.
 */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Spawn } from '../../runtime/system/logic.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { System } from '../../runtime/system/system.ts'
import { StageCore } from './core.ts'
import type { StageEvents } from './events.ts'
import type {
  Reservation,
  Stage,
  StageConfig,
  StageEvent,
  StageStatistics,
  SubmitOptions,
} from './interface.ts'
import { planStage } from './plan.ts'
import { isRefused, type Refused } from './refused.ts'
import { stageLogic } from './stage-actor.ts'

export type {
  Reply,
  Reservation,
  Stage,
  StageConfig,
  StageEvent,
  StageHandler,
  StageOrder,
  StageStatistics,
  SubmitOptions,
} from './interface.ts'

/**
 * Opens a stage. Its actor is there at once, and ends with `ctx` at the latest: what it still has then fails with
 * `STAGE_CLOSED`. `system.stop()` lets it finish within the grace time.
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds, or one that is unknown.
 */
export function openStage<J, R>(ctx: Context<typeof System>, config: StageConfig<J, R>): Stage<J, R> {
  const plan = planStage(config)
  const system = ctx.get(System)
  const core = new StageCore(plan, system, ctx.clock)
  const spawn: Spawn = config.spawn ?? system.spawn
  const { shutdownMs } = plan.limits
  const ref = spawn(ctx, stageLogic(core), {
    shutdownMs,
    ...(config.name === undefined ? {} : { name: config.name }),
  }) as Ref<StageEvent>
  // Its context may have ended before it came to life.
  if (!ref.isAlive) core.over()
  return new OpenStage<J, R>(core, ref)
}

/** @internal What a flow sees of a stage. Undefined for what is none. */
export function coreOf(stage: unknown): StageCore | undefined {
  return stage instanceof OpenStage ? stage.core : undefined
}

class OpenStage<J, R> implements Stage<J, R> {
  readonly name: string
  readonly ref: Ref<StageEvent>
  readonly events: StageEvents
  readonly core: StageCore

  constructor(core: StageCore, ref: Ref<StageEvent>) {
    this.name = core.name
    this.ref = ref
    this.events = core.events
    this.core = core
  }

  submit<E extends EventObject>(ctx: Context, job: J, options?: SubmitOptions<R, E>): Deferred<R> | Refused {
    return this.core.intake.takeOne(ctx, job, this.classOf(options), options as never) as
      | Deferred<R>
      | Refused
  }

  submitMany<E extends EventObject>(
    ctx: Context,
    jobs: readonly J[],
    options?: SubmitOptions<R, E>,
  ): readonly Deferred<R>[] | Refused {
    return this.core.intake.take(ctx, jobs, this.classOf(options), options as never) as
      | Deferred<R>[]
      | Refused
  }

  run<E extends EventObject>(ctx: Context, job: J, options?: SubmitOptions<R, E>): Deferred<R> {
    const result = this.submit(ctx, job, options)
    if (!isRefused(result)) return result
    const refused = new Deferred<R>(undefined, ctx.failures)
    refused.reject(result.toError())
    return refused
  }

  reserve<E extends EventObject>(ctx: Context, options?: SubmitOptions<R, E>): Reservation<J, R> | Refused {
    return this.core.intake.reserve(ctx, this.classOf(options), options as never) as
      | Reservation<J, R>
      | Refused
  }

  statistics(): StageStatistics {
    return this.core.statistics()
  }

  close(): Deferred<void> {
    const ended = this.ref.watch().then(() => undefined)
    this.core.close()
    return ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @throws UsageError (`STAGE_OPTION_INVALID`) */
  private classOf(options: { readonly class?: string } | undefined): number {
    const name = options?.class
    if (name === undefined) return 0
    const { classes } = this.core.plan
    const index = classes.indexOf(name)
    if (index !== -1) return index
    throw new UsageError(
      'STAGE_OPTION_INVALID',
      `stage "${this.name}" has no class "${String(name)}"; there are ${classes.join(', ')}`,
    )
  }
}
