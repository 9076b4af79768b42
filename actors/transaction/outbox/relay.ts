/**
 * The relay: the actor that delivers what is published. One for each database that is open, a child of its actor.
 *
 * It understands `wake` (something was committed: look now), `statistics`, and `drain`: it claims no more, waits for what is
 * under way, writes what became of it, gives the rest back, and ends. Whatever else ends it, leases see to what is left.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Envelope } from '../../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../../runtime/system/logic.ts'
import type { Ask, Drain } from '../../../runtime/system/ref.ts'
import { System } from '../../../runtime/system/system.ts'
import { misuse } from '../errors.ts'
import type { Destination } from './destination.ts'
import type { OutboxStore } from './outbox-store.ts'
import { RelayCore, type RelayPlan } from './relay-core.ts'
import { type RelayLimits, resolveRelayLimits } from './relay-limits.ts'
import type { RelayReport, RelayStatistics } from './relay-report.ts'

/** Something was committed: what it has published is sent now, and not only at the next look. It may be left out, or be lost. */
export interface Wake {
  readonly type: 'wake'
}

export type RelayEvent = Wake | Ask<{ readonly type: 'statistics' }, RelayStatistics> | Drain

export interface RelayConfig {
  readonly store: OutboxStore
  /** By the names that are given to `tx.publish`. */
  readonly destinations: Readonly<Record<string, Destination>>
  readonly limits?: Partial<RelayLimits>
  /** Is told of failures. It runs within the relay's step: what it throws fails the relay. Default: nobody is told. */
  readonly report?: (report: RelayReport) => void
}

export const WAKE: Wake = { type: 'wake' }

/**
 * The logic of a relay. After a failure of its own it may be restarted: it keeps nothing that the table does not have.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`) for a limit out of its bounds, or what is no destination.
 */
export function relay(config: RelayConfig): Logic<RelayEvent, typeof System> {
  const destinations = new Map(Object.entries(config.destinations))
  for (const [name, destination] of destinations) checkDestination(name, destination)
  const plan: RelayPlan = {
    store: config.store,
    destinations,
    limits: resolveRelayLimits(config.limits),
    report: config.report ?? (() => {}),
  }
  return {
    name: 'outbox',
    needs: [System],
    create: (host, ctx) => new RelayInstance(host, ctx, plan),
  }
}

/** How a relay stands, as its snapshot shows it. */
export type RelayState = 'relaying' | 'draining'

class RelayInstance implements Instance {
  private readonly host: Host
  private readonly core: RelayCore
  private state: RelayState = 'relaying'

  constructor(host: Host, _ctx: Context<typeof System>, plan: RelayPlan) {
    this.host = host
    // Deliveries belong to no message, so they stand in the actor's own context, and end with it.
    const own = host.ownContext as unknown as Context<typeof System>
    this.core = new RelayCore(own, plan, () => host.resumeLater())
    host.resumeLater()
  }

  receive(envelope: Envelope): void {
    const { core, host } = this
    switch (envelope.event.type) {
      case 'wake':
        core.wake()
        break
      case 'statistics':
        host.answer(envelope, core.statistics())
        return
      case 'drain':
        this.state = 'draining'
        core.drain()
        break
      default:
        host.unhandled(envelope)
        return
    }
    host.resumeLater()
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {
    this.core.step()
    if (this.core.isDrained) this.host.endAs({ kind: 'stopped', reason: 'drained' })
  }

  get drains(): boolean {
    return true
  }

  release(): void {
    this.core.close()
  }

  get value(): RelayState {
    return this.state
  }

  get context(): RelayStatistics {
    return this.core.statistics()
  }
}

function checkDestination(name: string, destination: Destination): void {
  const { order = 'concurrent', deliver } = destination ?? {}
  if (typeof deliver !== 'function') {
    throw misuse('TRANSACTION_OPTION_INVALID', `destination "${name}" has no function deliver`)
  }
  if (order !== 'concurrent' && order !== 'strict') {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `order of destination "${name}" is concurrent or strict, not ${String(order)}`,
    )
  }
}
