/** The least parts of a flow: a stage, and a function behind one. */
import type { Context } from '../../../runtime/context/context.ts'
import { isThenable } from '../../../runtime/deferred/thenable.ts'
import { UsageError } from '../../../runtime/errors.ts'
import type { StageCore } from '../core.ts'
import type { Stage } from '../interface.ts'
import { isRefused } from '../refused.ts'
import { coreOf } from '../stage.ts'
import { invalid } from './limits.ts'
import type { FlowStage, Full, Holder, Item, Section } from './section.ts'

export class StageSection<In, Out> implements Section<In, Out> {
  readonly name: string
  readonly waiting = 0
  private readonly stage: Stage<In, Out>
  private readonly core: StageCore

  constructor(stage: Stage<In, Out>) {
    this.core = coreOf(stage) ?? invalid('a part', stage, 'a stage or a flow')
    this.name = stage.name
    this.stage = stage
  }

  begin(item: Item, value: In, done: (value: Out) => void): Full | undefined {
    const { core, stage } = this
    let result: ReturnType<typeof stage.submit>
    try {
      result = item.mayWait
        ? (core.intake.offer(item.ctx, value) as typeof result)
        : stage.submit(item.ctx, value)
    } catch (error) {
      // The stage has an order by key, and its function has thrown.
      item.fail(error)
      return undefined
    }
    if (isRefused(result)) return { refused: result, room: core.room }
    const job = result
    const holder: Holder = { ended: (error) => void job.cancel(error) }
    item.enters(holder)
    job.listen(
      (output) => {
        item.leaves(holder)
        done(output)
      },
      (error) => {
        item.leaves(holder)
        item.fail(error)
      },
    )
    return undefined
  }

  stages(): readonly FlowStage[] {
    return [{ name: this.name, ...this.stage.statistics() }]
  }
}

export class MapSection<In, Mid, Out> implements Section<In, Out> {
  private readonly before: Section<In, Mid>
  private readonly map: (value: Mid, ctx: Context) => Out

  constructor(before: Section<In, Mid>, map: (value: Mid, ctx: Context) => Out) {
    this.before = before
    this.map = map
  }

  begin(item: Item, value: In, done: (value: Out) => void): Full | undefined {
    return this.before.begin(item, value, (mid) => {
      let output: Out
      try {
        output = this.map(mid, item.ctx)
      } catch (error) {
        item.fail(error)
        return
      }
      if (isThenable(output)) item.fail(asyncMap(this.name))
      else done(output)
    })
  }

  get name(): string {
    return this.before.name
  }

  get waiting(): number {
    return this.before.waiting
  }

  stages(): readonly FlowStage[] {
    return this.before.stages()
  }
}

/** Nothing would bound how many of them are under way. */
function asyncMap(stage: string): UsageError {
  return new UsageError(
    'FLOW_MAP_ASYNC',
    `what is mapped behind stage "${stage}" is a promise: what takes time is a stage's work`,
  )
}
