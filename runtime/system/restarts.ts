/** Which end of an actor is followed by a new start: its policy, and OTP's intensity in a period, kept as instants. */
import { InvariantError } from '../errors.ts'
import { RestartIntensityError } from './errors.ts'
import type { ActorSettings } from './options.ts'
import type { EndReason } from './ref.ts'

export class Restarts {
  private readonly settings: ActorSettings
  private recent: number[] = []
  /** Restarts in the actor's life. */
  total = 0

  constructor(settings: ActorSettings) {
    this.settings = settings
  }

  /**
   * Counts one more restart at `nowMs`.
   *
   * @returns undefined if it may be; else the reason with which the actor, at `path`, is given up.
   */
  refuse(nowMs: number, path: () => string, reason: EndReason): EndReason | undefined {
    const { intensity, periodMs } = this.settings
    this.recent = this.recent.filter((atMs) => nowMs - atMs < periodMs)
    if (this.recent.length >= intensity) {
      return reason.kind === 'failed'
        ? { kind: 'failed', error: new RestartIntensityError(path(), intensity, periodMs, reason.error) }
        : reason
    }
    this.recent.push(nowMs)
    this.total += 1
    return undefined
  }
}

/** Whether an end for `reason` calls for a restart. A bug of ours is never restarted away. */
export function wantsRestart({ policy }: ActorSettings, reason: EndReason): boolean {
  switch (reason.kind) {
    case 'done':
      return policy === 'permanent'
    case 'failed':
      return policy !== 'temporary' && !(reason.error instanceof InvariantError)
    case 'stopped':
      return false
  }
}
