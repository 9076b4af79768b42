/** Two shapes of 100,000 idle workers, and how long it takes to stop them. */

import type { ActorSystem, Ref } from '../../runtime/index.ts'
import { behaviour, child, supervisor } from '../built.ts'
import { BRANCHES, LEAVES } from './work.ts'

const worker = behaviour({
  initial: 'idle',
  data: () => ({ sum: 0 }),
  states: {
    idle: {
      add: ({ data }, { n }: { type: 'add'; n: number }) => {
        data.sum += n
      },
    },
  },
})

const branch = supervisor({
  children: Array.from({ length: LEAVES }, (_, n) => child(`worker-${n}`, worker)),
})
const tree = supervisor({
  children: Array.from({ length: BRANCHES }, (_, n) => child(`branch-${n}`, branch)),
})

const flat = behaviour({
  initial: 'grown',
  start: ({ spawn }, ctx) => {
    for (let n = 0; n < BRANCHES * LEAVES; n++) spawn(ctx, worker)
  },
  states: { grown: {} },
})

export function stopTreeMs(system: ActorSystem): Promise<number> {
  return stopMs(system, () => system.spawn(system.ctx, tree), BRANCHES * LEAVES + BRANCHES + 1)
}

export function stopFlatMs(system: ActorSystem): Promise<number> {
  return stopMs(system, () => system.spawn(system.ctx, flat), BRANCHES * LEAVES + 1)
}

async function stopMs(system: ActorSystem, spawn: () => Ref, count: number): Promise<number> {
  const before = system.actors
  const top = spawn()
  if (system.actors !== before + count) throw new Error(`${system.actors - before} live, not ${count}`)
  const startMs = performance.now()
  await top.stop()
  const endMs = performance.now()
  if (system.actors !== before) throw new Error(`${system.actors - before} outlived the stop`)
  return endMs - startMs
}
