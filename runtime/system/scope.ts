/**
 * The scope that behaviours and receiving generators get: the host's powers as members that may be taken apart. The
 * functions are made when they are asked for, since most messages take none of them.
 */
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import type { ActorScope, Host, Spawn } from './logic.ts'
import type { AnyEvent, Ref } from './ref.ts'

export class Scope<K extends AnyKey> implements ActorScope<K> {
  protected readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  get self(): Ref<AnyEvent> {
    return this.host.ref
  }

  get ctx(): Context<K> {
    return this.host.ownContext as unknown as Context<K>
  }

  get sender(): Ref | undefined {
    return this.host.currentEnvelope?.sender as Ref | undefined
  }

  get spawn(): Spawn {
    return ((ctx: Context, logic: object, options?: object) =>
      this.host.spawnChild(ctx, logic, options)) as Spawn
  }

  get watch(): (ref: Ref) => void {
    return (ref) => this.host.watchFor(ref)
  }

  get stop(): (reason?: unknown) => void {
    return (reason) => this.host.requestStop(reason)
  }
}
