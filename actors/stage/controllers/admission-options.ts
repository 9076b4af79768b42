/** Options of admission: what a stage's admission controller and its gate go by. */
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import { type BoundsOf, checkOrder, refuseUnknown, resolveNumber, resolveNumbers } from './options.ts'

/**
 * All of them numbers. Where a source is named, the value is the one of Welsh and Culler, "Adaptive Overload Control for
 * Busy Internet Servers" (USITS 2003), figure 4.
 */
export interface AdmissionOptions {
  /** Milliseconds from entry to end that 90 of 100 jobs should not exceed. Default 1,000; 1 to 2^31 - 1. */
  readonly targetMs?: number
  /** Milliseconds between two decisions at most, also while nothing happens. Default 1,000 (source: timeout 1 s). */
  readonly intervalMs?: number
  /** Samples after which a decision is made before `intervalMs`, and samples kept. Default 100 (source: nreq). */
  readonly samples?: number
  /** Samples before a class is judged. Default 20; the original judges a single one, and misses where there are few. */
  readonly samplesMin?: number
  /** Milliseconds after which a sample is too old to count. Default 10,000. */
  readonly sampleAgeMsMax?: number
  /** Weight of the past in the smoothed p90. Default 0.7 (source: alpha); 0 to 0.99. */
  readonly smoothing?: number
  /** Error (p90 - target) / target below which more is admitted. Default -0.5 (source: err_i); -1 to 0. */
  readonly errorIncrease?: number
  /** Error above which less is admitted. Default 0 (source: err_d); from `errorIncrease` to 1. */
  readonly errorDecrease?: number
  /**
   * Percent of the measured capacity, times 0.1 less than the error below target, by which a rate grows at one decision:
   * with the default 2, 0.8 to 1.8 %. The source's adj_i is 2 jobs a second, whatever the capacity. 0.1 to 100.
   */
  readonly increase?: number
  /** Divisor of what is admitted, for a class over its target. Default 1.2 (source: adj_d); above 1, at most 10. */
  readonly decrease?: number
  /** Divisor of the rates of all lower classes, before a class's own is cut. Default 10 (source); above 1, at most 1,000. */
  readonly decreaseLower?: number
  /** Jobs a second that a class is always let in, so that it is found out when there is room again. Default 0.05 (source). */
  readonly ratePerSecondMin?: number
  /** Milliseconds of a rate that may come at once: the bucket's depth, which is never below one job. Default 100. */
  readonly burstMs?: number
  /** Milliseconds that the event loop may be late before a stage that works on it admits less. Default 100. */
  readonly loopDelayMsMax?: number
  /** Milliseconds that `retryAfterMs` says at most. Default 30,000. */
  readonly retryAfterMsMax?: number
}

export interface ClassOptions {
  /** Default: the stage's `targetMs`. */
  readonly targetMs?: number
}

export interface ResolvedClass {
  readonly name: string
  readonly targetMs: number
}

export interface ResolvedAdmissionOptions extends Required<AdmissionOptions> {
  /** From the most important to the least; at least one. */
  readonly classes: readonly ResolvedClass[]
}

const targetBounds = { byDefault: 1_000, least: 1, most: DELAY_MS_MAX, unit: 'milliseconds' } as const

const bounds: BoundsOf<AdmissionOptions> = {
  targetMs: targetBounds,
  intervalMs: { byDefault: 1_000, least: 10, most: 60_000, unit: 'milliseconds' },
  samples: { byDefault: 100, least: 10, most: 10_000, unit: 'jobs', whole: true },
  samplesMin: { byDefault: 20, least: 1, most: 10_000, unit: 'jobs', whole: true },
  sampleAgeMsMax: { byDefault: 10_000, least: 100, most: DELAY_MS_MAX, unit: 'milliseconds' },
  smoothing: { byDefault: 0.7, least: 0, most: 0.99, unit: 'weight of the past' },
  errorIncrease: { byDefault: -0.5, least: -1, most: 0, unit: 'fraction of the target' },
  errorDecrease: { byDefault: 0, least: -1, most: 1, unit: 'fraction of the target' },
  increase: { byDefault: 2, least: 0.1, most: 100, unit: 'percent of capacity' },
  decrease: { byDefault: 1.2, least: 1.01, most: 10, unit: 'divisor' },
  decreaseLower: { byDefault: 10, least: 1.01, most: 1_000, unit: 'divisor' },
  ratePerSecondMin: { byDefault: 0.05, least: 0.001, most: 1_000_000, unit: 'jobs a second' },
  burstMs: { byDefault: 100, least: 0, most: 60_000, unit: 'milliseconds' },
  loopDelayMsMax: { byDefault: 100, least: 1, most: DELAY_MS_MAX, unit: 'milliseconds' },
  retryAfterMsMax: { byDefault: 30_000, least: 1, most: DELAY_MS_MAX, unit: 'milliseconds' },
}

/** Classes of one stage. */
export const CLASSES_MAX = 8

/**
 * The defaults with `given` in their place.
 *
 * @param classes - as in the stage's config, the most important first. Default: one class, `default`.
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds; an unknown one; or a relation
 *   that does not hold.
 */
export function resolveAdmissionOptions(
  given: AdmissionOptions = {},
  classes: Readonly<Record<string, ClassOptions>> = { default: {} },
): ResolvedAdmissionOptions {
  const numbers = resolveNumbers<Required<AdmissionOptions>>('admission.', bounds, given)
  checkOrder('admission.', { ...numbers }, 'samplesMin', 'samples')
  checkOrder('admission.', { ...numbers }, 'errorIncrease', 'errorDecrease')
  const names = Object.keys(classes)
  resolveNumber(
    'classes (their number)',
    { byDefault: 1, least: 1, most: CLASSES_MAX, unit: 'classes', whole: true },
    names.length,
  )
  return {
    ...numbers,
    classes: names.map((name) => {
      const one = classes[name] as ClassOptions
      refuseUnknown(`classes.${name}.`, one, ['targetMs'])
      const bound = { ...targetBounds, byDefault: numbers.targetMs }
      return { name, targetMs: resolveNumber(`classes.${name}.targetMs`, bound, one.targetMs) }
    }),
  }
}
