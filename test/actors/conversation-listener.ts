/** A listener in a simulation whose protocol has messages: what becomes of its actors, and of letters that nobody read. */
import type { DeadLetter, EndReason, Ref } from 'greenroom'
import type { SimulationOptions } from 'greenroom/testing'
import { describe } from '../../runtime/errors.ts'
import { SimulatedListener } from './simulated-listener.ts'

export class ConversationListener extends SimulatedListener {
  /** How actors ended, in order: `session done`, `17 failed boom`. */
  readonly ends: string[] = []
  readonly deadLetters: string[] = []

  constructor(options?: SimulationOptions) {
    super(options)
    const { events } = this.simulation.system
    events.on('stopped', ({ ref, reason }) => void this.ends.push(`${nameOf(ref)} ${endOf(reason)}`))
    events.on(
      'deadLetter',
      ({ event, reason }: DeadLetter) => void this.deadLetters.push(`${event.type} ${reason}`),
    )
  }

  /** How the sessions ended. */
  get sessionEnds(): readonly string[] {
    return this.ends.filter((end) => end.startsWith('session '))
  }
}

function nameOf({ path }: Ref): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return /^\d+$/.test(name) ? 'connection' : name
}

function endOf(reason: EndReason): string {
  return reason.kind === 'failed' ? `failed ${describe(reason.error)}` : reason.kind
}
