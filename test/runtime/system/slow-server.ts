/** A server that needs time for its answers, as a child of a supervisor: for tests of finishing. */
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { AnyEvent, Ref } from '../../../runtime/system/ref.ts'
import type { SupervisorEvent } from '../../../runtime/system/supervisor.ts'
import type { World } from './world.ts'

/** Answers a question after `ms`, and notes what it was told at once. */
export function createServer() {
  const told: string[] = []
  const server = behaviour({
    initial: 'on',
    data: () => told.push('+') > 0,
    stop: () => void told.push('-'),
    states: {
      on: {
        work: (_scope, { ms }: { ms: number }, ctx) => ctx.after(ms).then(() => 'worked'),
        note: (_scope, { what }: { what: string }) => void told.push(what),
        fail: () => {
          throw new Error('boom')
        },
      },
    },
  })
  return { server, told }
}

/** The child that is called `server`. */
export async function serverIn(world: World, tree: Ref<SupervisorEvent>): Promise<Ref<AnyEvent>> {
  const statuses = await world.result(tree.ask(world.ctx, { type: 'children' }))
  return statuses.find(({ name }) => name === 'server')!.ref!
}
