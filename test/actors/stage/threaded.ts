/** A system with real threads, that has none left when its test is over. */
import type { ExecutionContext, Implementation } from 'ava'
import type { StageConfig } from '../../../actors/stage/interface.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { type ActorSystem, createSystem } from '../../../runtime/system/system.ts'
import { threadModule } from '../../../runtime/worker/thread-module.ts'
import { livingThreads } from '../../../runtime/worker/worker-thread.ts'

export const threadJobs = threadModule<typeof import('./thread-jobs.ts')>(
  new URL('./thread-jobs.ts', import.meta.url),
)

/** As patient as a machine that does much else. */
export const patient: StageConfig<unknown, unknown>['limits'] = { jobTimeoutMs: 60_000, replaceMinMs: 1 }

/** A test's body with a system of its own. Afterwards no actor lives, no timer waits and no thread runs. */
export function withThreads(
  body: (t: ExecutionContext, system: ActorSystem) => Promise<void>,
): Implementation<[]> {
  return async (t) => {
    t.timeout(100_000)
    const system = createSystem({ log: silentLog })
    const unobserved: unknown[] = []
    system.events.on('unobserved', ({ error }) => unobserved.push(error))
    try {
      await body(t, system)
    } finally {
      await system.stop()
    }
    t.is(system.actors, 0)
    t.is(system.ctx.clock.pending, 0)
    t.is(livingThreads().size, 0)
    t.deepEqual(unobserved, [])
  }
}

/** Resolved when a flag is raised on a thread. */
export async function raised(flags: Int32Array, index: number): Promise<void> {
  const { value } = (Atomics as unknown as AtomicsOfThisNode).waitAsync(flags, index, 0)
  await value
}

interface AtomicsOfThisNode {
  waitAsync(flags: Int32Array, index: number, value: number): { readonly value: unknown }
}
