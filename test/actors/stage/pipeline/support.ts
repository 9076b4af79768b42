/** What tests of flows have in common. */
import type { Stage } from '../../../../actors/stage/interface.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import type { World } from '../../../runtime/system/world.ts'

/** A stage whose every job takes `ms`, one at a time. */
export function slow<T>({ ctx }: World, ms: number, queueCapacity = 1_024, name = 'slow'): Stage<T, T> {
  return openStage<T, T>(ctx, {
    name,
    handler: (job, ctx) => ctx.after(ms).then(() => job),
    limits: { concurrency: 1, queueCapacity },
    admission: false,
  })
}

/** The check at the end of a world, where it has to throw: within a property. */
export async function endInProperty(world: World): Promise<void> {
  await world.end({
    notThrows: (run: () => void) => run(),
    deepEqual(actual: unknown[]) {
      if (actual.length > 0) throw actual[0]
    },
  } as never)
}
