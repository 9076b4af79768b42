/**
 * A source, run through a flow: results as they are asked for.
 *
 * Rules: the source is asked for its next item only while fewer than `width` are between it and the consumer, results that
 * nobody has taken included. So a consumer that stops, a client that does not read its answer say, stops the source. Whoever
 * leaves calls off what is under way, and closes the source.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { UsageError } from '../../../runtime/errors.ts'
import { isRefused, type Refused } from '../refused.ts'
import type { Section } from './section.ts'

export interface RunOptions {
  /** Items between the source and the consumer, at most. From 1 to 65,536; default 16. */
  readonly width?: number
  /** Results come in the order of their items (default), or as soon as they are there. */
  readonly isOrdered?: boolean
  /** What becomes of the run when an item fails: it fails as well (default), or goes on without it. */
  readonly onFailure?: 'end' | 'skip'
}

/** What a run needs of its flow. */
export interface Entrance<In, Out> {
  readonly section: Section<In, Out>
  submit(ctx: Context, item: In): Deferred<Out> | Refused
}

export type FlowRun<Out> = AsyncGenerator<Out, void, undefined>

/** Milliseconds after which an entrance that had refused is asked again, at the latest. */
const RETRY_MS_MAX = 1_000

export function runFlow<In, Out>(
  flow: Entrance<In, Out>,
  ctx: Context,
  source: Iterable<In> | AsyncIterable<In>,
  { width = 16, isOrdered = true, onFailure = 'end' }: RunOptions = {},
): FlowRun<Out> {
  if (!(Number.isInteger(width) && width >= 1 && width <= 65_536)) {
    throw new UsageError(
      'FLOW_OPTION_INVALID',
      `width of a run must be a whole number of items from 1 to 65,536, not ${String(width)}`,
    )
  }
  return results(new Run(flow, ctx, source, width), isOrdered, onFailure)
}

async function* results<In, Out>(
  run: Run<In, Out>,
  isOrdered: boolean,
  onFailure: 'end' | 'skip',
): FlowRun<Out> {
  try {
    for (;;) {
      run.pull()
      const next = run.take(isOrdered)
      if (next !== undefined) {
        if (next.status === 'rejected' && onFailure === 'skip') continue
        yield await next
      } else if (run.isOver) {
        return
      } else {
        await run.changed()
      }
    }
  } finally {
    await run.end()
  }
}

class Run<In, Out> {
  private readonly flow: Entrance<In, Out>
  private readonly ctx: Context
  private readonly cancel: (reason: unknown) => unknown
  private readonly items: AsyncIterator<In> | Iterator<In>
  private readonly width: number
  /** Results that the consumer has not taken, in the order of their items. */
  private readonly open: Deferred<Out>[] = []
  private isPulling = false
  private hasEnded = false
  /** What the source failed with. */
  private failure: { readonly error: unknown } | undefined = undefined
  private change = new Deferred<void>()

  constructor(
    flow: Entrance<In, Out>,
    ctx: Context,
    source: Iterable<In> | AsyncIterable<In>,
    width: number,
  ) {
    this.flow = flow
    const [own, cancel] = ctx.withCancel()
    this.ctx = own
    this.cancel = cancel
    this.width = width
    this.items = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    own.onCancel(() => this.tell())
  }

  /** Nothing comes any more, and all is taken. */
  get isOver(): boolean {
    return this.hasEnded && this.open.length === 0
  }

  /** Asks the source for one item, if there is room and it is not being asked. */
  pull(): void {
    if (this.isPulling || this.hasEnded || this.open.length >= this.width) return
    this.isPulling = true
    this.next().then(
      () => this.pulled(),
      (error: unknown) => {
        this.failure = { error }
        this.hasEnded = true
        this.pulled()
      },
    )
  }

  /** The next result that is there. @throws why there is none and will be none. */
  take(isOrdered: boolean): Deferred<Out> | undefined {
    const at = isOrdered ? 0 : this.open.findIndex(({ isPending }) => !isPending)
    const next = this.open[at]
    if (next !== undefined && !next.isPending) {
      this.open.splice(at, 1)
      return next
    }
    this.ctx.throwIfCancelled()
    if (this.failure !== undefined && this.open.length === 0) throw this.failure.error
    return undefined
  }

  /** Fulfilled when there is something new to look at. */
  changed(): Deferred<void> {
    return this.change
  }

  async end(): Promise<void> {
    const hadEnded = this.hasEnded
    this.hasEnded = true
    // Whatever is still under way fails, and nobody waits for it.
    for (const result of this.open) result.listen(ignore, ignore)
    this.cancel('nobody takes the results any more')
    if (hadEnded) return
    const closed = Promise.resolve(this.items.return?.())
    // A source that is just being asked may never answer: it is told, and nobody waits for it.
    if (this.isPulling) closed.catch(ignore)
    else await closed
  }

  private async next(): Promise<void> {
    const { value, done } = await this.items.next()
    if (done === true) {
      this.hasEnded = true
      return
    }
    for (;;) {
      this.ctx.throwIfCancelled()
      const result = this.flow.submit(this.ctx, value)
      if (!isRefused(result)) {
        this.open.push(result)
        result.listen(
          () => this.tell(),
          () => this.tell(),
        )
        return
      }
      if (result.reason === 'closed') throw result.toError()
      await this.room(result.retryAfterMs)
    }
  }

  /** The entrance has refused: until it has room, or it is time to ask again. */
  private async room(retryAfterMs: number): Promise<void> {
    const again = this.ctx.after(Math.min(Math.max(retryAfterMs, 1), RETRY_MS_MAX))
    const room = new Deferred<void>()
    const stop = this.flow.section.onRoom(() => room.resolve())
    again.listen(
      () => room.resolve(),
      (error) => room.reject(error),
    )
    try {
      await room
    } finally {
      stop()
      again.cancel()
    }
  }

  private pulled(): void {
    this.isPulling = false
    this.tell()
  }

  private tell(): void {
    const { change } = this
    this.change = new Deferred<void>()
    change.resolve()
  }
}

function ignore(): void {}
