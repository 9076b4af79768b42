/** Bounds of flows, with units, defaults, and what happens at each. */
import { UsageError } from '../../../runtime/errors.ts'
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'

export interface JoinOptions {
  /**
   * Items that may be in the stage before a joint, or wait behind it for room in the next. Then that stage gets no more: what
   * is before it waits as well, and at the entrance it is refused. From 1 to 65,536; default 64.
   */
  readonly window?: number
  /** Milliseconds that an item waits at a joint; then it fails (`DEADLINE_EXCEEDED`). From 1; default 30,000, as a job's. */
  readonly waitMs?: number
}

export interface RunOptions {
  /** Items between the source and the consumer, results that he has not taken included. From 1 to 65,536; default 16. */
  readonly width?: number
  /** Results come in the order of their items (default), or as soon as they are there. */
  readonly isOrdered?: boolean
  /** What becomes of the run when an item fails: it fails as well (default), or goes on without it. */
  readonly onFailure?: 'end' | 'skip'
}

/** Lanes of one fan-out, at most. */
export const LANES_MAX = 1_024

/** Milliseconds after which a stage is asked again whose admission refused, at the latest; also when it has room. */
export const RETRY_MS_MAX = 1_000

/** What `retryAfterMs` says where a flow is full, while nothing better is known. */
export const RETRY_MS_UNKNOWN = 1_000

const ITEMS_MAX = 65_536

/** @throws UsageError (`FLOW_OPTION_INVALID`) */
export function planJoin(options: JoinOptions = {}): Required<JoinOptions> {
  refuseUnknown(options, ['window', 'waitMs'])
  return {
    window: wholeNumber('window', options.window ?? 64, ITEMS_MAX, 'items'),
    waitMs: wholeNumber('waitMs', options.waitMs ?? 30_000, DELAY_MS_MAX, 'milliseconds'),
  }
}

/** @throws UsageError (`FLOW_OPTION_INVALID`) */
export function planRun(options: RunOptions = {}): Required<RunOptions> {
  refuseUnknown(options, ['width', 'isOrdered', 'onFailure'])
  const { width = 16, isOrdered = true, onFailure = 'end' } = options
  if (onFailure !== 'end' && onFailure !== 'skip') invalid('onFailure', onFailure, '"end" or "skip"')
  return { width: wholeNumber('width', width, ITEMS_MAX, 'items'), isOrdered, onFailure }
}

/** @throws UsageError (`FLOW_OPTION_INVALID`) unless there is one at least, and no more than 1,024. */
export function checkLanes(count: number): void {
  wholeNumber('lanes', count, LANES_MAX, 'stages or flows')
}

export function invalid(name: string, value: unknown, allowed: string): never {
  throw new UsageError('FLOW_OPTION_INVALID', `${name} of a flow must be ${allowed}, not ${String(value)}`)
}

function wholeNumber(name: string, value: number, most: number, unit: string): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  return invalid(name, value, `a whole number from 1 to ${most} (${unit})`)
}

/** A name that nobody reads is a mistake: it would be taken for a bound that holds. */
function refuseUnknown(options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    throw new UsageError(
      'FLOW_OPTION_INVALID',
      `no flow option is named ${name}; there are ${names.join(', ')}`,
    )
  }
}
