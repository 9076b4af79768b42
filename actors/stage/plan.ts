/** A stage's config, checked, with every default filled in. */
import { UsageError } from '../../runtime/errors.ts'
import { BatchHandler } from './batched.ts'
import { type ResolvedAdmissionOptions, resolveAdmissionOptions } from './controllers/admission-options.ts'
import { type ResolvedBatchOptions, resolveBatchOptions } from './controllers/batch-options.ts'
import { invalid, refuseUnknown, resolveNumber } from './controllers/options.ts'
import type { StageConfig } from './interface.ts'
import { createStageLimits, type StageLimits } from './limits.ts'
import { Pool } from './pool.ts'

export interface StagePlan {
  readonly name: string
  readonly handler:
    | ((job: unknown, ctx: never) => unknown)
    | BatchHandler<unknown, unknown>
    | Pool<unknown, unknown>
  readonly order: 'none' | 'fifo' | ((job: unknown) => PropertyKey)
  /** Of the classes, in their order. */
  readonly classes: readonly string[]
  readonly admission: ResolvedAdmissionOptions | undefined
  readonly batch: ResolvedBatchOptions | undefined
  readonly limits: StageLimits
  readonly rerun: number
}

const OPTIONS: readonly string[] = [
  'name',
  'handler',
  'order',
  'classes',
  'admission',
  'batch',
  'limits',
  'rerun',
  'spawn',
]

const RERUN_MAX = 1_000

/** @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds, or one that is unknown. */
export function planStage<J, R>(config: StageConfig<J, R>): StagePlan {
  refuseUnknown('', config, OPTIONS)
  const { name = 'stage', order = 'none', classes = { default: {} }, rerun, spawn, limits } = config
  const handler = config.handler as unknown as StagePlan['handler']
  if (typeof name !== 'string' || name === '' || name.includes('/')) {
    invalid('name', name, 'a text without "/"')
  }
  if (typeof handler !== 'function' && !(handler instanceof BatchHandler) && !(handler instanceof Pool)) {
    invalid('handler', handler, 'a function, batched(...) or pool(...)')
  }
  if (order !== 'none' && order !== 'fifo' && typeof order !== 'function') {
    invalid('order', order, '"none", "fifo" or a function')
  }
  if (spawn !== undefined && typeof spawn !== 'function') invalid('spawn', spawn, 'a function')
  if (config.admission === null || config.batch === null)
    invalid('admission and batch', null, 'options or false')
  refuseUnknown('classes.', classes, Object.keys(classes))
  // JavaScript puts such keys first, whatever their place: they would change ranks.
  const numeral = Object.keys(classes).find((one) => /^\d+$/.test(one))
  if (numeral !== undefined) invalid('classes', numeral, 'names that are no numbers')
  // Its classes and their targets are checked in any case.
  const admission = resolveAdmissionOptions(config.admission === false ? {} : config.admission, classes)
  return {
    name,
    handler,
    order: order as StagePlan['order'],
    classes: admission.classes.map((one) => one.name),
    admission: config.admission === false ? undefined : admission,
    batch: planBatch(handler, config.batch),
    limits: planLimits(handler, limits),
    rerun: resolveNumber(
      'rerun',
      { byDefault: 0, least: 0, most: RERUN_MAX, unit: 'times', whole: true },
      rerun,
    ),
  }
}

function planBatch(
  handler: StagePlan['handler'],
  batch: StageConfig<unknown, unknown>['batch'],
): ResolvedBatchOptions | undefined {
  const takesBatches =
    handler instanceof BatchHandler || (handler instanceof Pool && handler.takes === 'batches')
  if (batch === undefined) return takesBatches ? resolveBatchOptions() : undefined
  if (batch !== false) {
    if (typeof handler !== 'function') return resolveBatchOptions(batch)
    throw new UsageError(
      'STAGE_OPTION_INVALID',
      'stage option batch must be false, or left out, for a function that takes single jobs; batched(...) takes several',
    )
  }
  return undefined
}

function planLimits(handler: StagePlan['handler'], limits: Partial<StageLimits> | undefined): StageLimits {
  const resolved = createStageLimits(limits)
  const isGiven = limits?.concurrency !== undefined
  return handler instanceof BatchHandler && !isGiven ? { ...resolved, concurrency: 1 } : resolved
}
