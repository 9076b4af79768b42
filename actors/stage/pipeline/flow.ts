/**
 * Stages joined into a flow. The slowest sets the pace: what one cannot take yet waits before it, and when enough wait the
 * stage before stops taking, and so on to the entrance. What was taken there is refused nowhere later.
 *
 *     const flow = flowOf(parse).to(hash).map(toRow).to(store)
 *     const stored = flow.submit(ctx, line)                       // one item: a deferred, or a refusal at once
 *     for await (const row of flow.run(ctx, lines)) ...           // many: as many as are asked for
 *
 * Sources: Reactive Streams (demand from downstream), Elixir's GenStage, Pekko's `Partition` and `Merge`.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { UsageError } from '../../../runtime/errors.ts'
import type { Stage } from '../interface.ts'
import { isRefused, Refused } from '../refused.ts'
import { FanOut } from './fan-out.ts'
import { Joint } from './joint.ts'
import { MapSection } from './map-section.ts'
import { type FlowRun, type RunOptions, runFlow } from './run.ts'
import type { FlowStatistics, Item, Section } from './section.ts'
import { StageSection } from './stage-section.ts'

export interface JoinOptions {
  /**
   * Items that may be in the section before a joint, or wait behind it for room in the next. One more is refused at the
   * entrance, or waits before. From 1 to 65,536; default 64.
   */
  readonly window?: number
}

/** Lanes of one fan-out, at most. */
export const LANES_MAX = 1_024

export class Flow<In, Out> {
  /** @internal */
  readonly section: Section<In, Out>
  private inside = 0

  /** @internal Made by `flowOf`. */
  constructor(section: Section<In, Out>) {
    this.section = section
  }

  /** What comes out goes into `next`. @throws UsageError (`FLOW_OPTION_INVALID`) */
  to<Next>(next: Stage<Out, Next> | Flow<Out, Next>, { window = 64 }: JoinOptions = {}): Flow<In, Next> {
    if (!(Number.isInteger(window) && window >= 1 && window <= 65_536)) {
      throw invalid('window', window, 'a whole number of items from 1 to 65,536')
    }
    return new Flow(new Joint(this.section, sectionOf(next), window))
  }

  /** What comes out is changed on its way. What `map` throws fails the item. */
  map<Next>(map: (value: Out, ctx: Context) => Next): Flow<In, Next> {
    return new Flow(new MapSection(this.section, map))
  }

  /**
   * What comes out takes one of several lanes, by its key: the same for the same key. What `by` throws fails the item.
   *
   * @param lanes - from 1 to 1,024 stages or flows.
   * @throws UsageError (`FLOW_OPTION_INVALID`)
   */
  fanOut<Next>(
    by: (value: Out) => PropertyKey,
    lanes: readonly (Stage<Out, Next> | Flow<Out, Next>)[],
    options?: JoinOptions,
  ): Flow<In, Next> {
    return this.to(fanOut(by, lanes), options)
  }

  /**
   * Gives one item in. Never waits and never throws for load.
   *
   * @param ctx - its end calls the item off, wherever it is; so does cancelling the deferred.
   */
  submit(ctx: Context, item: In): Deferred<Out> | Refused {
    if (ctx.isCancelled) return new Refused('flow', 'expired', 0)
    const passage = new Passage<Out>(ctx)
    const refused = this.section.begin(passage, item, (value) => passage.done(value))
    if (refused !== undefined) return refused
    this.inside += 1
    const left = (): void => {
      this.inside -= 1
    }
    passage.result.attend(left, left)
    return passage.result
  }

  /** As `submit`, but a refusal is the deferred's failure: `StageRefusedError` (`STAGE_REFUSED`). */
  go(ctx: Context, item: In): Deferred<Out> {
    const result = this.submit(ctx, item)
    if (!isRefused(result)) return result
    const refused = ctx.deferred<Out>()
    refused.reject(result.toError())
    return refused
  }

  /**
   * Takes items from `source` as results are asked for, and no faster: see `RunOptions`. Leaving the loop over the results
   * calls off what is under way and closes the source.
   */
  run(ctx: Context, source: Iterable<In> | AsyncIterable<In>, options?: RunOptions): FlowRun<Out> {
    return runFlow(this, ctx, source, options)
  }

  statistics(): FlowStatistics {
    const { section, inside } = this
    return { inside, waiting: section.waiting, stages: section.stages() }
  }
}

/** A stage as the beginning of a flow. */
export function flowOf<In, Out>(stage: Stage<In, Out>): Flow<In, Out> {
  return new Flow(new StageSection(stage))
}

/**
 * Lanes beside each other as the beginning of a flow, or a part of one: an item takes the lane that its key leads to.
 *
 * @throws UsageError (`FLOW_OPTION_INVALID`) for less than one lane, or more than 1,024.
 */
export function fanOut<In, Out>(
  by: (value: In) => PropertyKey,
  lanes: readonly (Stage<In, Out> | Flow<In, Out>)[],
): Flow<In, Out> {
  if (lanes.length < 1 || lanes.length > LANES_MAX) {
    throw invalid('lanes', lanes.length, `from 1 to ${LANES_MAX} stages or flows`)
  }
  return new Flow(
    new FanOut(
      by,
      lanes.map((lane) => sectionOf(lane)),
    ),
  )
}

function sectionOf<In, Out>(part: Stage<In, Out> | Flow<In, Out>): Section<In, Out> {
  return part instanceof Flow ? part.section : new StageSection(part)
}

/** One item, from the entrance to its result. */
class Passage<Out> implements Item {
  readonly ctx: Context
  readonly result: Deferred<Out>
  callOff: ((reason: unknown) => void) | undefined = undefined

  constructor(ctx: Context) {
    this.ctx = ctx
    this.result = ctx.deferred<Out>((reason) => this.callOff?.(reason))
    if (ctx.isBackground) return
    const unlisten = ctx.onCancel(() => {
      const failure = ctx.failure()
      const { callOff } = this
      this.result.reject(failure)
      callOff?.(failure)
    })
    this.result.attend(unlisten, unlisten)
  }

  get isOver(): boolean {
    return !this.result.isPending
  }

  done(value: Out): void {
    this.result.resolve(value)
  }

  fail(error: unknown): void {
    this.result.reject(error)
  }
}

function invalid(name: string, value: unknown, allowed: string): UsageError {
  return new UsageError('FLOW_OPTION_INVALID', `${name} of a flow must be ${allowed}, not ${String(value)}`)
}
