/** What a thread tells home of each transaction of a group: a few fields, flat, since a group is answered with all at once. */
import { type FailureWire, fromErrorWire, toErrorWire } from '../../runtime/worker/error-wire.ts'
import { impossible } from './errors.ts'

/** It is committed. */
export const OK = 0
/** It is rolled back. */
export const FAILED = 1
/** Nobody knows. */
export const UNKNOWN = 2
/** It is rolled back through no fault of its own, and may be done again, alone. */
export const AGAIN = 3
/** It is rolled back, and the same may well succeed if it is done again. */
export const TRANSIENT = 4
/** It is rolled back since another of its group has failed, and may be done again, each in a savepoint. */
export const SPOILT = 5
/** So is this one, which was not even begun. */
export const NOT_RUN = 6

export interface Report {
  readonly status: number
  /** What it gave; else why it failed. */
  readonly result: unknown
  /** What it emitted, flat: see `Effects.emits`. */
  readonly emits: readonly unknown[] | undefined
  /** Messages that it has published. */
  readonly published: number
  /** What its hooks have thrown. */
  readonly hookFailures: readonly unknown[] | undefined
}

const STRIDE = 5

/** Of a whole group, as it crosses. */
export function packReports(reports: readonly Report[]): unknown[] {
  const packed: unknown[] = []
  for (const { status, result, emits, published, hookFailures } of reports) {
    packed.push(
      status,
      status === OK ? result : toErrorWire(result),
      emits,
      published,
      hookFailures?.map(toErrorWire),
    )
  }
  return packed
}

/** @throws InvariantError where the thread has told nothing of it. */
export function unpackReport(packed: readonly unknown[], index: number): Report {
  const at = index * STRIDE
  const status = packed[at]
  if (typeof status !== 'number')
    throw impossible(`a thread told nothing of transaction ${index} of its group`)
  const result = packed[at + 1]
  const hookFailures = packed[at + 4] as readonly FailureWire[] | undefined
  return {
    status,
    result: status === OK ? result : fromErrorWire(result as FailureWire),
    emits: packed[at + 2] as readonly unknown[] | undefined,
    published: packed[at + 3] as number,
    hookFailures: hookFailures?.map(fromErrorWire),
  }
}

/** Of one that failed at home. */
export function failedReport(status: number, error: unknown): Report {
  return { status, result: error, emits: undefined, published: 0, hookFailures: undefined }
}
