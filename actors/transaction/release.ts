/** What a transaction has emitted reaches its actors: after COMMIT, in order, in the request's context. */
import type { Context } from '../../runtime/context/context.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import { type ActorGroup, type ActorName, actorGroup, actorName } from '../../runtime/system/names.ts'
import type { Registry } from '../../runtime/system/registry.ts'
import { EMIT_STRIDE, type EmitKind } from './thread/effects.ts'

/** Names as they are declared: one text stands for one name, so each is made once. */
const NAMES_MAX = 10_000

export interface ReleaseListeners {
  /** There is nobody of that name. */
  onNobody(to: string, event: EventObject): void
  /** One could not be sent: the others are all the same. */
  onFailed(error: unknown): void
}

export class Release {
  private readonly registry: Registry
  private readonly listeners: ReleaseListeners
  private readonly names = new Map<string, ActorName<EventObject>>()
  private readonly groups = new Map<string, ActorGroup<EventObject>>()

  constructor(registry: Registry, listeners: ReleaseListeners) {
    this.registry = registry
    this.listeners = listeners
  }

  /** @param emits - flat: kind, name, event, kind, ... */
  release(ctx: Context, emits: readonly unknown[]): void {
    for (let at = 0; at < emits.length; at += EMIT_STRIDE) {
      try {
        this.send(ctx, emits[at] as EmitKind, emits[at + 1] as string, emits[at + 2] as EventObject)
      } catch (error) {
        this.listeners.onFailed(error)
      }
    }
  }

  private send(ctx: Context, kind: EmitKind, to: string, event: EventObject): void {
    let isHeard = false
    if (kind !== 'group') {
      const actor = this.registry.find(declared(this.names, to, actorName))
      actor?.send(ctx, event)
      isHeard = actor !== undefined
    }
    if (kind !== 'actor') {
      for (const member of this.registry.members(declared(this.groups, to, actorGroup))) {
        member.send(ctx, event)
        isHeard = true
      }
    }
    if (!isHeard) this.listeners.onNobody(to, event)
  }
}

function declared<N>(known: Map<string, N>, text: string, declare: (text: string) => N): N {
  let name = known.get(text)
  if (name === undefined) {
    if (known.size >= NAMES_MAX) known.clear()
    name = declare(text)
    known.set(text, name)
  }
  return name
}
