/**
 * What the body of a transaction yields: one thing that it wants of the database. The driver does it, and the body goes on with
 * the answer. The same body so runs on a driver that answers at once and on one that answers later.
 */
/** What may stand for a parameter. A moment is written as milliseconds, or as text (ISO 8601). */
export type Parameter = string | number | bigint | boolean | null | Uint8Array

export type StepKind = 'run' | 'one' | 'first' | 'all' | 'pipeline' | 'savepoint' | 'release' | 'rollbackTo'

/** What a statement that gives no rows has done. */
export interface Changes {
  /** Rows that were inserted, updated or deleted. */
  readonly changes: number
}

/** Yielded with `yield*`, which gives its answer. */
export class Step<T = unknown> {
  /** Only the compiler sees it. */
  declare private readonly answerType: T
  /** The handle of the transaction that it is a step of: no other may do it. */
  readonly tx: object
  readonly kind: StepKind
  /** The statement; of a savepoint its name. */
  readonly sql: string
  readonly parameters: readonly Parameter[]
  /** Of a pipeline. */
  readonly steps: readonly Step[]

  constructor(
    tx: object,
    kind: StepKind,
    sql: string,
    parameters: readonly Parameter[] = NONE,
    steps: readonly Step[] = NONE,
  ) {
    this.tx = tx
    this.kind = kind
    this.sql = sql
    this.parameters = parameters
    this.steps = steps
  }

  *[Symbol.iterator](): Generator<Step, T, unknown> {
    return (yield this) as T
  }
}

const NONE: readonly never[] = []

/** A generator that yields steps: the body of a transaction, or a part of one that several share. */
export type Steps<R> = Generator<Step, R, unknown>
