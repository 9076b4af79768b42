/**
 * A system turned by hand under a manual clock, and a record of what happens in it. Every test that is given one ends
 * with the same check: all actors end, and no timer, no question and no failure that nobody looked at is left.
 */
import type { ExecutionContext, Implementation } from 'ava'
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf, describe } from '../../../runtime/errors.ts'
import type { Turn } from '../../../runtime/loop/turn.ts'
import type { EndReason, Ref } from '../../../runtime/system/ref.ts'
import type { ActorSystem, System } from '../../../runtime/system/system.ts'
import { checkLeaks } from '../../../runtime/testing/leaks.ts'
import {
  createSimulation,
  type Simulation,
  type SimulationOptions,
} from '../../../runtime/testing/simulation.ts'
import type { ManualClock } from '../../../runtime/time/manual-clock.ts'

/** Turns after which a system that still has work will never have done with it. */
const TURNS_MAX = 10_000

export class World {
  readonly clock: ManualClock
  readonly system: ActorSystem
  readonly ctx: Context<typeof System>
  /** What happened, one line each: `deadLetter room say unhandled`. Paths without the system's name. */
  readonly log: string[] = []
  /** Failures that nobody looked at. A test that causes some takes them out. */
  readonly unobserved: unknown[] = []
  readonly listenerFailures: unknown[] = []
  private readonly simulation: Simulation

  constructor(options: SimulationOptions = {}) {
    this.simulation = createSimulation(options)
    this.clock = this.simulation.clock
    this.system = this.simulation.system
    this.ctx = this.simulation.ctx
    this.record()
  }

  get spawn(): ActorSystem['spawn'] {
    return this.system.spawn
  }

  turn(): Turn {
    return this.simulation.turn()
  }

  /** Turns until a turn would find nothing to do. Promises do not move meanwhile. */
  turns(): void {
    for (let turns = 0; this.system.reactor.isPending; turns++) {
      if (turns === TURNS_MAX) throw new Error('these actors never stop talking')
      this.turn()
    }
  }

  /** Turns until nothing is left to do, promises included. No time passes. */
  settle(): Promise<void> {
    return this.simulation.settle()
  }

  /** Lets time pass, one due instant after another, settling at each. */
  advance(ms: number): Promise<void> {
    return this.simulation.advance(ms)
  }

  /** The lines of the log that begin so, without that beginning. */
  told(what: string): string[] {
    return this.log.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  }

  /** Somebody waits for these from now on: no failure of theirs goes unseen. */
  look(...deferreds: readonly Deferred<unknown>[]): void {
    for (const deferred of deferreds) deferred.listen(ignore, ignore)
  }

  /** Settles, then gives the result of what must be settled by now. */
  async result<T>(deferred: Deferred<T>): Promise<T> {
    this.look(deferred)
    await this.settle()
    if (deferred.isPending) throw new Error('still pending, and nothing is left to do')
    return await deferred
  }

  /** Settles, then gives each one's value, or its error's code. */
  async outcomes(...deferreds: readonly Deferred<unknown>[]): Promise<unknown[]> {
    const outcomes: unknown[] = deferreds.map(() => 'pending')
    for (const [index, deferred] of deferreds.entries()) {
      const note = (outcome: unknown) => {
        outcomes[index] = outcome
      }
      deferred.listen(note, (error) => note(codeOf(error)))
    }
    await this.settle()
    return outcomes
  }

  /** The code of what it must have failed with by now. */
  async failure(deferred: Deferred<unknown>): Promise<string> {
    return codeOf(await this.error(deferred))
  }

  /** What it must have failed with by now. */
  async error(deferred: Deferred<unknown>): Promise<unknown> {
    try {
      await this.result(deferred)
    } catch (error) {
      return error
    }
    throw new Error('did not fail')
  }

  /** Ends everything and checks that nothing is left. */
  async end(t: ExecutionContext): Promise<void> {
    await this.simulation.stop()
    t.notThrows(() => checkLeaks(this.simulation))
    t.deepEqual(this.unobserved, [], 'no failure went unseen')
    t.deepEqual(this.listenerFailures, [], 'no listener failed')
  }

  private record(): void {
    const { events } = this.system
    const note = (what: string, ref: Ref, ...more: unknown[]) => {
      this.log.push([what, nameOf(ref), ...more].join(' '))
    }
    events.on('spawned', ({ ref }) => note('spawned', ref))
    events.on('stopped', ({ ref, reason }) => note('stopped', ref, endOf(reason)))
    events.on('failed', ({ ref, phase, error }) => note('failed', ref, phase, describe(error)))
    events.on('restarted', ({ ref, restarts }) => note('restarted', ref, restarts))
    events.on('deadLetter', ({ ref, event, reason }) => note('deadLetter', ref, event.type, reason))
    events.on('refused', ({ ref, event, reason }) => note('refused', ref, event.type, reason))
    events.on('unobserved', ({ error }) => void this.unobserved.push(error))
    events.on('listenerFailed', ({ error }) => void this.listenerFailures.push(error))
  }
}

/** A test's body with a world of its own, which is empty again in the end. */
export function inWorld(
  body: (t: ExecutionContext, world: World) => void | Promise<void>,
  options: SimulationOptions = {},
): Implementation<[]> {
  return async (t) => {
    const world = new World(options)
    await body(t, world)
    await world.end(t)
  }
}

/** The path without the system's name. */
export function nameOf(ref: Ref): string {
  return ref.path.slice(ref.path.indexOf('/') + 1)
}

/** An end in a few words: `done 5`, `stopped enough`, `failed boom`. */
export function endOf(reason: EndReason): string {
  if (reason.kind === 'done') return `done ${String(reason.output)}`
  return `${reason.kind} ${describe(reason.kind === 'failed' ? reason.error : reason.reason)}`
}

export function ignore(): void {}
