/**
 * What a system holds, and whether that is too much.
 *
 * A system that has stopped holds nothing; one that serves holds no more when its last client has gone than it did
 * before the first came. A test harness checks the former after each test, tests of a server's endurance the latter.
 */
import type { ActorSystem } from '../system/system.ts'
import { LeakError } from './errors.ts'
import { LEAKS_NAMED_MAX } from './limits.ts'
import type { MemoryNetwork } from './memory-network.ts'

export interface Holdings {
  /** Paths of the actors that live. Of a system that is not simulated only their number is known: as many `?`. */
  readonly actors: readonly string[]
  /** Timers that wait, on the system's clock. */
  readonly timers: number
  /** Listeners and connections of a simulation's network. The sockets of a real system belong to its actors. */
  readonly ports: readonly string[]
}

/** A simulation, as far as it matters here. */
export interface Simulated {
  readonly system: ActorSystem
  readonly network: Pick<MemoryNetwork, 'openPorts'>
  readonly actors: readonly string[]
}

/** What is held just now: to be compared with later, by `checkLeaks`. */
export function holdings(subject: ActorSystem | Simulated): Holdings {
  if (!('network' in subject)) {
    const { actors, ctx } = subject
    return { actors: new Array<string>(actors).fill('?'), timers: ctx.clock.pending, ports: [] }
  }
  const { system, network, actors } = subject
  return { actors, timers: system.ctx.clock.pending, ports: network.openPorts }
}

/**
 * Sees that nothing is held beyond `baseline`: by default nothing at all, as it should be after `stop()`.
 *
 * @throws LeakError (`LEAK`) that names what is.
 */
export function checkLeaks(subject: ActorSystem | Simulated, baseline: Holdings = NOTHING): void {
  const held = holdings(subject)
  const leaks = [
    ...named('actor', without(held.actors, baseline.actors)),
    ...named('port', without(held.ports, baseline.ports)),
  ]
  const timers = held.timers - baseline.timers
  if (timers > 0) leaks.push(`timers: ${timers} more than ${baseline.timers}`)
  if (leaks.length > 0) throw new LeakError('LEAK', `left behind: ${leaks.join('; ')}`)
}

const NOTHING: Holdings = { actors: [], timers: 0, ports: [] }

/** What is in `held` more often than in `before`. */
function without(held: readonly string[], before: readonly string[]): string[] {
  const allowed = new Map<string, number>()
  for (const name of before) allowed.set(name, (allowed.get(name) ?? 0) + 1)
  return held.filter((name) => {
    const left = allowed.get(name) ?? 0
    allowed.set(name, left - 1)
    return left <= 0
  })
}

function named(kind: string, names: readonly string[]): string[] {
  const lines = names.slice(0, LEAKS_NAMED_MAX).map((name) => `${kind} ${name}`)
  if (names.length > lines.length) lines.push(`and ${names.length - lines.length} more ${kind}s`)
  return lines
}
