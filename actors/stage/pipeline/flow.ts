/**
 * Stages joined into a flow. The slowest sets the pace: what one cannot take yet waits before it, and when enough wait the
 * stage before gets no more, and so on to the entrance. What was taken there is refused nowhere later.
 *
 *     const flow = flowOf(parse).to(hash).map(toRow).to(store)
 *     const stored = flow.submit(ctx, line)                       // one item: a deferred, or a refusal at once
 *     for await (const row of flow.run(ctx, lines)) ...           // many: as many as are asked for
 *
 * Sources: Reactive Streams (demand from downstream), Elixir's GenStage, Pekko's `Partition` and `Merge`.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Stage } from '../interface.ts'
import { Refused } from '../refused.ts'
import { Room } from '../room.ts'
import { FanOut } from './fan-out.ts'
import { Joint } from './joint.ts'
import { checkLanes, type JoinOptions, planJoin, type RunOptions } from './limits.ts'
import { MapSection, StageSection } from './parts.ts'
import { Books, Passage } from './passage.ts'
import { type FlowRun, runFlow } from './run.ts'
import type { FlowStatistics, Full, Section } from './section.ts'

/** Who comes too late has nothing to wait for. */
const NOWHERE = new Room(() => false)

/** What a flow is made of. */
export type FlowPart<In, Out> = Stage<In, Out> | Flow<In, Out>

/** The lanes of a fan-out, from 1 to 1,024: each by itself, or so many of a kind. */
export type Lanes<In, Out> =
  | readonly FlowPart<In, Out>[]
  | { readonly count: number; readonly lane: (index: number) => FlowPart<In, Out> }

/** One of the sections that stand behind each other, and how the next one is joined to it. */
interface Link {
  readonly section: Section<unknown, unknown>
  readonly join: Required<JoinOptions>
}

export class Flow<In, Out> {
  /** @internal */
  readonly section: Section<In, Out>
  /** @internal */
  readonly links: readonly Link[]
  private readonly books = new Books()

  /** @internal Made by `flowOf`. */
  constructor(links: readonly Link[]) {
    this.links = links
    this.section = joined(links) as Section<In, Out>
  }

  /** What comes out goes into `next`. @throws UsageError (`FLOW_OPTION_INVALID`) */
  to<Next>(next: FlowPart<Out, Next>, options?: JoinOptions): Flow<In, Next> {
    const { section } = this.last
    return new Flow([...this.links.slice(0, -1), { section, join: planJoin(options) }, ...linksOf(next)])
  }

  /**
   * What comes out is changed on its way. What `map` throws fails the item; so does a promise (`FLOW_MAP_ASYNC`), since what
   * takes time is a stage's work.
   */
  map<Next>(map: (value: Out, ctx: Context) => Next): Flow<In, Next> {
    const { section, join } = this.last
    const mapped = new MapSection(section as Section<unknown, Out>, map) as Section<unknown, unknown>
    return new Flow([...this.links.slice(0, -1), { section: mapped, join }])
  }

  /** What comes out takes one of several lanes, by its key: see `fanOut`. @throws UsageError (`FLOW_OPTION_INVALID`) */
  fanOut<Next>(
    by: (value: Out) => PropertyKey,
    lanes: Lanes<Out, Next>,
    options?: JoinOptions,
  ): Flow<In, Next> {
    return this.to(fanOut(by, lanes), options)
  }

  /**
   * Gives one item in. Never waits and never throws for load.
   *
   * @param ctx - its end calls the item off, wherever it is; so does cancelling the deferred.
   * @returns a deferred of what comes out; or a refusal at once, of the stage at the entrance or since it holds `window` items.
   */
  submit(ctx: Context, item: In): Deferred<Out> | Refused {
    const begun = this.begin(ctx, item, false)
    if (begun instanceof Deferred) return begun
    this.books.submitted += 1
    this.books.refused += 1
    return begun.refused
  }

  /** As `submit`, but a refusal is the deferred's failure: `StageRefusedError` (`STAGE_REFUSED`). */
  go(ctx: Context, item: In): Deferred<Out> {
    const result = this.submit(ctx, item)
    if (result instanceof Deferred) return result
    const refused = ctx.deferred<Out>()
    refused.reject(result.toError())
    return refused
  }

  /**
   * Takes items from `source` as results are asked for, and no faster: see `RunOptions`. Leaving the loop over the results
   * calls off what is under way, and closes the source.
   *
   * @param ctx - its end ends the run.
   * @throws UsageError (`FLOW_OPTION_INVALID`)
   */
  run(ctx: Context, source: Iterable<In> | AsyncIterable<In>, options?: RunOptions): FlowRun<Out> {
    return runFlow(this, ctx, source, options)
  }

  /** @internal @param mayWait - whoever gives it in comes again when there is room: a refusal is not counted. */
  begin(ctx: Context, item: In, mayWait: boolean): Deferred<Out> | Full {
    const { section, books } = this
    if (ctx.isCancelled) return { refused: new Refused(section.name, 'expired', 0), room: NOWHERE }
    const passage = new Passage<Out>(ctx, books, mayWait)
    const full = section.begin(passage, item, passage.done)
    if (full !== undefined) return full
    passage.accepted()
    return passage.result
  }

  statistics(): FlowStatistics {
    const { section, books } = this
    return { ...books, waiting: section.waiting, stages: section.stages() }
  }

  private get last(): Link {
    return this.links.at(-1) as Link
  }
}

/** A stage as the beginning of a flow. */
export function flowOf<In, Out>(stage: Stage<In, Out>): Flow<In, Out> {
  return new Flow(linksOf(stage))
}

/**
 * Lanes beside each other as the beginning of a flow, or a part of one: an item takes the lane that its key leads to, always the
 * same for the same key, in every run. So items of one key keep their order, where their lane does.
 *
 *     flowOf(parse).to(fanOut(({ account }) => account, { count: 4, lane: (n) => openStage(ctx, { name: `book-${n}`, ... }) }))
 *
 * @param by - gives the key's text; it is called again for an item that waits. What it throws fails the item.
 * @throws UsageError (`FLOW_OPTION_INVALID`) for less than one lane, or more than 1,024.
 */
export function fanOut<In, Out>(by: (value: In) => PropertyKey, lanes: Lanes<In, Out>): Flow<In, Out> {
  checkLanes('count' in lanes ? lanes.count : lanes.length)
  const parts =
    'count' in lanes ? Array.from({ length: lanes.count }, (_, index) => lanes.lane(index)) : lanes
  const sections = parts.map((part) => (part instanceof Flow ? part.section : new StageSection(part)))
  return new Flow(linksTo(new FanOut(by, sections)))
}

function linksOf<In, Out>(part: FlowPart<In, Out>): readonly Link[] {
  return part instanceof Flow ? part.links : linksTo(new StageSection(part))
}

function linksTo<In, Out>(section: Section<In, Out>): readonly Link[] {
  return [{ section: section as Section<unknown, unknown>, join: planJoin() }]
}

/** From the end: each joint bounds the section before it, and that alone. */
function joined(links: readonly Link[]): Section<unknown, unknown> {
  const sections = links.map(({ section }) => section)
  return sections.reduceRight((rest, section, at) => new Joint(section, rest, (links[at] as Link).join))
}
