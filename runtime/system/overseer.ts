/**
 * Who decides what becomes of an actor that has failed or finished: its supervisor, where its parent is one, else its
 * own `restart` option.
 *
 * An overseer decides and times; the going down and the starting are the actor's own (`life.ts`).
 */
import type { Random } from '../context/random.ts'
import { InvariantError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { ChildStartError, RestartIntensityError } from './errors.ts'
import type { ActorSettings } from './options.ts'
import type { EndReason } from './ref.ts'
import type { RestartBounds, Restarts } from './restarts.ts'

/** An actor, as its overseer sees it. */
export interface Overseen {
  /** Its name among its siblings. */
  readonly id: string
  readonly path: string
  readonly settings: ActorSettings
  readonly clock: Clock
  readonly random: Random
  /** Its record, made when first asked for. */
  readonly restarts: Restarts
  /** It has run: a failure now is not one of its first start. */
  readonly hasRun: boolean
  readonly isAlive: boolean
  /** It has no instance and nothing below it, and waits to be started. */
  readonly isDown: boolean
  /** The next younger of its living siblings. */
  readonly nextYounger: Overseen | undefined
  /** Ends it, within its `shutdownMs`. */
  stopToEnd(reason: EndReason): void
  /** Takes it down for a restart that is not its own fault, within its `shutdownMs`; then `isDown` is called. */
  stopToRestart(reason: EndReason): void
  /** Starts it, from down. @returns whether it runs; else it has been decided upon again. */
  startNow(): boolean
  /** Starts it in `delayMs` milliseconds, unless it has ended by then. */
  startAfter(delayMs: number): void
}

export interface Overseer {
  /**
   * It failed, or finished by itself.
   *
   * @returns `restart`, and it goes down and then waits for its start; or the reason with which it ends.
   */
  decide(actor: Overseen, reason: EndReason): 'restart' | EndReason
  /** It is down and may be started. */
  isDown(actor: Overseen): void
  /** It is no more. */
  hasEnded(actor: Overseen, reason: EndReason): void
}

/** For all actors that have no supervisor: each is restarted by its own options, counted for itself alone. */
export const ownOverseer: Overseer = {
  decide(actor, reason) {
    const { settings } = actor
    if (!wantsRestart(settings, reason)) return reason
    return actor.restarts.isAllowed(actor.clock.nowMs()) ? 'restart' : givenUp(actor.path, settings, reason)
  },
  isDown: (actor) => actor.startAfter(actor.restarts.delayMs(actor.clock.nowMs(), actor.random)),
  hasEnded() {},
}

/** Whether an end for `reason` calls for a restart. A bug of ours is never restarted away. */
export function wantsRestart({ policy }: Pick<ActorSettings, 'policy'>, reason: EndReason): boolean {
  switch (reason.kind) {
    case 'done':
      return policy === 'permanent'
    case 'failed':
      return policy !== 'temporary' && !isBug(reason.error)
    case 'stopped':
      return false
  }
}

/** Whether an actor has failed over a bug of ours, or a supervisor over one in the start of a child. */
export function isBug(error: unknown): boolean {
  let cause = error
  while (cause instanceof ChildStartError) ({ cause } = cause)
  return cause instanceof InvariantError
}

/** The end of one that was restarted too often. One that only finished too often has done so. */
function givenUp(path: string, bounds: RestartBounds, reason: EndReason): EndReason {
  if (reason.kind !== 'failed') return reason
  return { ...reason, error: new RestartIntensityError(path, bounds, reason) }
}
