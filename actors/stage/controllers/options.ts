/** How the options of a controller are checked: every one has a default and bounds, and an unknown one is refused. */
import { UsageError } from '../../../runtime/errors.ts'

/** Default, least and greatest value of one option; `whole` where fractions make no sense. */
export interface Bounds {
  readonly byDefault: number
  readonly least: number
  readonly most: number
  readonly unit: string
  readonly whole?: boolean
}

export type BoundsOf<T> = { readonly [K in keyof T]-?: Bounds }

/**
 * The defaults with `given` in their place.
 *
 * @param prefix - what the options are called in messages, as `admission.`.
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds, or an option that is unknown.
 */
export function resolveNumbers<T extends object>(
  prefix: string,
  bounds: BoundsOf<T>,
  given: Partial<T> = {},
): Required<T> {
  refuseUnknown(prefix, given, Object.keys(bounds))
  const resolved: Record<string, number> = {}
  for (const name of Object.keys(bounds) as (keyof T & string)[]) {
    resolved[name] = resolveNumber(`${prefix}${name}`, bounds[name], given[name])
  }
  return resolved as Required<T>
}

/** @throws UsageError (`STAGE_OPTION_INVALID`) */
export function resolveNumber(name: string, bounds: Bounds, value: unknown): number {
  if (value === undefined) return bounds.byDefault
  const { least, most, unit, whole = false } = bounds
  const isNumber = typeof value === 'number' && (whole ? Number.isInteger(value) : !Number.isNaN(value))
  if (isNumber && value >= least && value <= most) return value
  return invalid(name, value, `a ${whole ? 'whole ' : ''}number from ${least} to ${most} (${unit})`)
}

/** A name that nobody reads is a mistake: it would be taken for a bound that holds. */
export function refuseUnknown(prefix: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    const what = prefix === '' ? 'options' : prefix.replace(/\.$/, '')
    invalid(what, given, 'an object')
  }
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue
    throw new UsageError(
      'STAGE_OPTION_INVALID',
      `no stage option is named ${prefix}${name}; there are ${names.join(', ')}`,
    )
  }
}

export function invalid(name: string, value: unknown, allowed: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new UsageError('STAGE_OPTION_INVALID', `stage option ${name} must be ${allowed}, not ${shown}`)
}

/** @throws UsageError (`STAGE_OPTION_INVALID`) unless the one option is at most the other. */
export function checkOrder(
  prefix: string,
  options: Readonly<Record<string, number>>,
  less: string,
  more: string,
): void {
  const [low, high] = [options[less] as number, options[more] as number]
  if (low > high) invalid(`${prefix}${less}`, low, `at most ${prefix}${more}, which is ${high}`)
}
