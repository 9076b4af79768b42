/** A world whose registry must be empty once all actors have ended; and a count of the watches on an actor. */
import type { ExecutionContext, Implementation } from 'ava'
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Down, Ref } from '../../../runtime/system/ref.ts'
import type { Registry, RegistryLimits, RegistryStatistics } from '../../../runtime/system/registry.ts'
import { inWorld, type World } from './world.ts'

export const NOTHING: RegistryStatistics = { names: 0, groups: 0, actors: 0, waiting: 0 }

/** Small, so that they are reached. */
export const LIMITS: RegistryLimits = { groupMembers: 100, registryNames: 100 }

/** A test's body with a world, whose registry is empty again in the end. */
export function inRegistry(
  body: (t: ExecutionContext, world: World, registry: Registry) => void | Promise<void>,
  limits: Partial<RegistryLimits> = {},
): Implementation<[]> {
  return inWorld(
    async (t, world) => {
      const { registry } = world.system
      await body(t, world, registry)
      await world.result(world.system.stop())
      t.deepEqual(registry.statistics(), NOTHING, 'nothing is left in the registry')
    },
    { limits: { ...LIMITS, ...limits } },
  )
}

/** @returns how many watches on this actor, made from now on, are neither told nor called off. */
export function countWatches(ref: Ref): () => number {
  const watches: Deferred<Down>[] = []
  const watch = ref.watch.bind(ref)
  Object.assign(ref, {
    watch(ctx?: Context) {
      const made = watch(ctx)
      watches.push(made)
      return made
    },
  })
  return () => watches.filter(({ isPending }) => isPending).length
}
