/** What can become of a thread, and of what was under way to it. */
import { describe, GreenroomError, UsageError } from '../errors.ts'

/**
 * - `THREAD_START_FAILED`: it did not start, or its module did not load or exports no such logic; `cause` says why.
 * - `THREAD_START_TIMEOUT`: it was not ready within `startMs`.
 * - `THREAD_EXITED`: it ended by itself (`process.exit`), with `exitCode`.
 * - `THREAD_FAILED`: an exception or a rejection that nobody caught ended it; `cause` is that.
 * - `THREAD_OUT_OF_MEMORY`: it reached its `resourceLimits`.
 * - `THREAD_STUCK`: it was busy for longer than `stuckMs` with what nobody waits for any more, and was terminated.
 */
export type ThreadErrorCode =
  | 'THREAD_START_FAILED'
  | 'THREAD_START_TIMEOUT'
  | 'THREAD_EXITED'
  | 'THREAD_FAILED'
  | 'THREAD_OUT_OF_MEMORY'
  | 'THREAD_STUCK'

/** A thread is no more, and nobody asked for that. Its actor fails with it. */
export class ThreadError extends GreenroomError {
  declare readonly code: ThreadErrorCode
  /** Of the actor that it was for. */
  readonly path: string
  /** Where it ended by itself. */
  readonly exitCode: number | undefined

  constructor(
    code: ThreadErrorCode,
    path: string,
    what: string,
    options: { cause?: unknown; exitCode?: number } = {},
  ) {
    const { cause, exitCode } = options
    const why = cause === undefined ? '' : `: ${describe(cause)}`
    super(code, `the thread of ${path} ${what}${why}`, cause === undefined ? undefined : { cause })
    this.path = path
    this.exitCode = exitCode
  }
}

/**
 * A question had crossed to a thread that was lost before it answered (`THREAD_LOST`); `cause` is what became of the
 * thread, mostly a `ThreadError`.
 */
export class ThreadLostError extends GreenroomError {
  readonly path: string
  /** Whether the thread had begun to handle it. If not, nothing was done, and it may be asked again. */
  readonly hasBegun: boolean

  constructor(path: string, hasBegun: boolean, cause: unknown) {
    const when = hasBegun ? 'while it handled the question' : 'before it began with the question'
    super('THREAD_LOST', `${path} was lost ${when}: ${describe(cause)}`, { cause })
    this.path = path
    this.hasBegun = hasBegun
  }
}

/**
 * What was to cross cannot be cloned: an event or an input (`MESSAGE_NOT_CLONEABLE`), of which nothing was sent; or what came
 * of it (`REPLY_NOT_CLONEABLE`).
 */
export function notCloneableError(
  what: string,
  cause: unknown,
  code: 'MESSAGE_NOT_CLONEABLE' | 'REPLY_NOT_CLONEABLE' = 'MESSAGE_NOT_CLONEABLE',
): UsageError {
  return new UsageError(
    code,
    `${what} cannot cross to another thread: ${describe(cause)} Plain data crosses; functions, refs, contexts and symbols do not.`,
    { cause },
  )
}

/** The type of an event as text, whatever was sent as one: a look at it may throw, and it may be a symbol. */
export function nameOf(event: unknown): string {
  try {
    const { type } = event as { type?: unknown }
    return `${(typeof type === 'symbol' ? type.description : type) ?? UNNAMED}`
  } catch {
    return UNNAMED
  }
}

const UNNAMED = 'a message'

/** What the end of a thread that nobody has given up is told as. */
export function threadEndError(
  path: string,
  exitCode: number,
  error: unknown,
  wasStarting: boolean,
): ThreadError {
  if ((error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ThreadError('THREAD_OUT_OF_MEMORY', path, 'reached its memory limit', {
      cause: error,
      exitCode,
    })
  }
  const cause = error === undefined ? undefined : error
  if (wasStarting) {
    return new ThreadError('THREAD_START_FAILED', path, `did not start (exit code ${exitCode})`, {
      cause,
      exitCode,
    })
  }
  return error === undefined
    ? new ThreadError('THREAD_EXITED', path, `exited with code ${exitCode}`, { exitCode })
    : new ThreadError('THREAD_FAILED', path, 'was ended by an exception', { cause: error, exitCode })
}
