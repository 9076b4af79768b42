/**
 * A source, run through a flow: results as they are asked for.
 *
 * Rules: the source is asked for its next item only while somebody asks for a result, and fewer than `width` items are between
 * the source and the consumer: asked for, waiting at the entrance, inside, or results that nobody has taken. So a consumer that
 * stops, a client that does not read its answer say, stops the source. However the run ends, what is under way is called off,
 * and the source is closed.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { isThenable } from '../../../runtime/deferred/thenable.ts'
import { Linked, LinkedList } from '../linked-list.ts'
import type { Outcome } from '../outcome.ts'
import { planRun, type RunOptions } from './limits.ts'
import { RoomWait } from './room-wait.ts'
import type { Full } from './section.ts'

/** What a run needs of its flow. */
export interface Entrance<In, Out> {
  begin(ctx: Context, item: In, mayWait: boolean): Deferred<Out> | Full
}

/** Results of a run: for `for await`, or as the body of `stream(...)`. They can be taken once. */
export interface FlowRun<Out> extends AsyncDisposable {
  /**
   * The next result; calls that come while another one waits are answered in their order.
   *
   * Fails once, with what ended the run: the item's failure, the source's, the end of the context.
   */
  next(): Promise<IteratorResult<Out, undefined>>
  /** Ends the run. Whoever waits for a result is told that there is none. Fulfilled when the source is closed. */
  return(): Promise<IteratorResult<Out, undefined>>
  [Symbol.asyncIterator](): FlowRun<Out>
}

type Source<In> = Iterable<In> | AsyncIterable<In>
type Step<Out> = IteratorResult<Out, undefined>

const OVER = { done: true, value: undefined } as const

export function runFlow<In, Out>(
  flow: Entrance<In, Out>,
  ctx: Context,
  source: Source<In>,
  options?: RunOptions,
): FlowRun<Out> {
  return new Run(flow, ctx, source, planRun(options))
}

class Run<In, Out> implements FlowRun<Out> {
  private readonly flow: Entrance<In, Out>
  private readonly ctx: Context
  private readonly cancel: (reason: unknown) => unknown
  private unlisten: (() => void) | undefined = undefined
  private readonly items: AsyncIterator<In> | Iterator<In>
  private readonly options: Required<RunOptions>
  /** Those who ask for a result. */
  private readonly asked: Deferred<Step<Out>>[] = []
  /** Items inside; where they are ordered, also those that are settled before an earlier one. */
  private readonly open = new LinkedList<Entry<Out>>()
  /** Items that are settled, in the order in which they are given out. */
  private readonly ready = new LinkedList<Entry<Out>>()
  private isStepping = false
  /** The source is being asked. */
  private isAsking = false
  /** An item that waits for room at the entrance. */
  private waiting: { readonly item: In } | undefined = undefined
  private readonly room = new RoomWait(() => this.enter())
  private hasSourceEnded = false
  private isOver = false
  /** What the source has failed with; or the run, until somebody is told. */
  private failure: { readonly error: unknown } | undefined = undefined

  constructor(flow: Entrance<In, Out>, ctx: Context, source: Source<In>, options: Required<RunOptions>) {
    this.flow = flow
    this.options = options
    const [own, cancel] = ctx.withCancel()
    this.ctx = own
    this.cancel = cancel
    this.items = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    this.unlisten = own.onCancel(() => this.fail(own.failure()))
  }

  next(): Promise<Step<Out>> {
    const answer = this.ctx.deferred<Step<Out>>()
    this.asked.push(answer)
    if (this.isOver) this.answerAll()
    else this.step()
    return answer
  }

  return(): Promise<Step<Out>> {
    const closed = this.isOver ? undefined : this.end()
    return Deferred.from(closed).then(() => OVER)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Asks the source and gives results out, as far as that goes just now. */
  private step(): void {
    if (this.isStepping) return
    this.isStepping = true
    // The source first: what is taken now makes room, and what comes in its place should be under way meanwhile.
    while (!this.isOver && this.asked.length > 0 && (this.pull() || this.give()));
    this.isStepping = false
  }

  /** @returns whether there is anything new. */
  private pull(): boolean {
    if (this.isAsking || this.waiting !== undefined || this.hasSourceEnded) return false
    if (this.open.size + this.ready.size >= this.options.width) return false
    this.isAsking = true
    try {
      const step = this.items.next()
      if (!isThenable(step)) this.arrived(step)
      else step.then(this.arrived, this.sourceFailed)
    } catch (error) {
      this.sourceFailed(error)
    }
    return !this.isAsking
  }

  private readonly arrived = ({ done, value }: IteratorResult<In>): void => {
    this.isAsking = false
    if (this.isOver) return
    if (done === true) {
      this.hasSourceEnded = true
      this.step()
    } else {
      this.waiting = { item: value }
      this.enter()
    }
  }

  private readonly sourceFailed = (error: unknown): void => {
    this.isAsking = false
    this.hasSourceEnded = true
    if (this.isOver) return
    this.failure = { error }
    this.step()
  }

  /** Gives the item in that came from the source, or waits for room. */
  private enter(): void {
    const { item } = this.waiting as { readonly item: In }
    const begun = this.flow.begin(this.ctx, item, true)
    if (begun instanceof Deferred) {
      this.waiting = undefined
      const entry = new Entry<Out>()
      this.open.push(entry)
      begun.listen(
        (value) => this.settled(entry, { ok: true, value }),
        (error) => this.settled(entry, { ok: false, error }),
      )
      this.step()
    } else if (begun.refused.reason === 'closed') {
      this.fail(begun.refused.toError())
    } else if (begun.refused.reason === 'expired') {
      this.fail(this.ctx.failure())
    } else {
      this.room.start(begun, this.ctx.clock)
    }
  }

  private settled(entry: Entry<Out>, outcome: Outcome<Out>): void {
    if (this.isOver) return
    entry.outcome = outcome
    const { open, ready } = this
    if (!this.options.isOrdered) {
      open.remove(entry)
      ready.push(entry)
    }
    for (let { first } = open; first?.outcome !== undefined; { first } = open) {
      open.remove(first)
      ready.push(first)
    }
    this.step()
  }

  /** @returns whether there is anything new. */
  private give(): boolean {
    const outcome = this.ready.shift()?.outcome
    if (outcome?.ok === true) this.asked.shift()?.resolve({ done: false, value: outcome.value })
    else if (outcome !== undefined && this.options.onFailure === 'end') this.fail(outcome.error)
    else if (outcome === undefined && this.hasSourceEnded && this.open.size === 0) void this.end()
    else return outcome !== undefined
    return true
  }

  private fail(error: unknown): void {
    if (this.isOver) return
    this.failure = { error }
    // That it cannot be closed either is not what went wrong.
    Deferred.from(this.end()).listen(ignore, ignore)
  }

  /** @returns when the source is closed, where that takes time. */
  private end(): PromiseLike<unknown> | undefined {
    this.isOver = true
    this.unlisten?.()
    this.room.stop()
    this.waiting = undefined
    this.cancel('nobody takes the results of this run any more')
    this.answerAll()
    return this.close()
  }

  /** Nothing comes any more. */
  private answerAll(): void {
    const { failure } = this
    for (const answer of this.asked.splice(0)) {
      if (this.failure === undefined) {
        answer.resolve(OVER)
      } else {
        this.failure = undefined
        answer.reject((failure as { readonly error: unknown }).error)
      }
    }
  }

  private close(): PromiseLike<unknown> | undefined {
    if (this.hasSourceEnded) return undefined
    this.hasSourceEnded = true
    let closed: unknown
    try {
      closed = this.items.return?.()
    } catch (error) {
      return Deferred.fail(error)
    }
    if (!isThenable(closed)) return undefined
    if (!this.isAsking) return closed
    // One that is just being asked may never answer: it is told, and nobody waits for it.
    closed.then(undefined, ignore)
    return undefined
  }
}

/** An item of the run that is inside, or settled. */
class Entry<Out> extends Linked {
  outcome: Outcome<Out> | undefined = undefined
}

function ignore(): void {}
