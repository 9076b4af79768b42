/** The stage's actor: gives it steps, and a place in the tree. */
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Envelope } from '../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../runtime/system/logic.ts'
import type { StageCore } from './core.ts'
import type { StageEvent } from './interface.ts'
import { Pool } from './pool.ts'

/** The logic of one stage: it has one life. */
export function stageLogic(core: StageCore): Logic<StageEvent> {
  const { handler, name } = core.plan
  const needs: readonly AnyKey[] = handler instanceof Pool ? handler.needs : []
  return { name, needs, create: (host) => new StageInstance(host, core) }
}

class StageInstance implements Instance {
  private readonly host: Host
  private readonly core: StageCore

  constructor(host: Host, core: StageCore) {
    this.host = host
    this.core = core
    core.attach(host)
  }

  receive(envelope: Envelope): void {
    if (envelope.event.type === 'drain') this.core.close()
    else this.host.unhandled(envelope)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {
    this.core.step()
  }

  /** It ends by itself, when what it has taken is done. */
  get drains(): boolean {
    return true
  }

  release(): void {
    this.core.over()
  }

  get value(): string {
    return this.core.isOpen ? 'open' : 'closing'
  }

  get context(): unknown {
    return this.core.statistics()
  }
}
