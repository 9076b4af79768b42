/** A system with real threads and real time, of which nothing is left when its test is over. */
import type { ExecutionContext, Implementation } from 'ava'
import { silentLog } from '../../../runtime/context/log.ts'
import { type ActorSystem, createSystem, type SystemOptions } from '../../../runtime/system/system.ts'
import { threadModule } from '../../../runtime/worker/thread-module.ts'
import { livingThreads } from '../../../runtime/worker/worker-thread.ts'

export const actors = threadModule<typeof import('./actors.ts')>(new URL('./actors.ts', import.meta.url))

/** A test's body with a system of its own. Afterwards no actor lives, no timer waits, no thread runs, no failure went unseen. */
export function withThreads(
  body: (t: ExecutionContext, system: ActorSystem) => Promise<void>,
  options: SystemOptions = {},
): Implementation<[]> {
  return async (t) => {
    t.timeout(100_000)
    const system = createSystem({ log: silentLog, ...options })
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

/** Flags that both sides see. */
export function flags(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(16))
}

export async function raised(of: Int32Array, index: number): Promise<void> {
  await (Atomics as unknown as AtomicsOfThisNode).waitAsync(of, index, 0).value
}

export function raise(of: Int32Array, index: number): void {
  Atomics.store(of, index, 1)
  Atomics.notify(of, index)
}

interface AtomicsOfThisNode {
  waitAsync(of: Int32Array, index: number, value: number): { readonly value: unknown }
}
