/**
 * An actor's place in xstate's tree. There it is its face, made when somebody looks, for itself and for all above it;
 * an actor that runs xstate's own logic has none: it is the `Actor` of that logic, and its children stand beside it.
 */
import type { AnyActorRef } from 'xstate'
import type { EventObject } from '../mailbox/envelope.ts'
import { Life } from './life.ts'
import { CellFace, type FaceTarget } from './xstate-face.ts'
import { XstateInstance } from './xstate-instance.ts'
import type { XstateParent } from './xstate-root.ts'

export abstract class Shown<Self extends Shown<Self>> extends Life<Self> implements FaceTarget {
  protected face: CellFace | undefined = undefined

  protected abstract get xstateRoot(): XstateParent
  abstract get logicName(): string
  abstract receiveCurrent(): void
  abstract receiveForeign(event: EventObject): void

  get actor(): AnyActorRef {
    if (this.instance instanceof XstateInstance) return this.instance.actor
    if (this.hasEnded && this.face === undefined) {
      // Too late to live in xstate's tree: shown as what it is, an actor that has stopped.
      this.face = new CellFace(this, this.id, this.xstateRoot, this.logicName)
      this.face.stop()
    }
    return this.face?.actor ?? this.asXstateParent.actor
  }

  get xstateParent(): XstateParent {
    return this.parent?.asXstateParent ?? this.xstateRoot
  }

  /** What stands above its children in xstate's tree. A machine is passed over: it would die of a failed child. */
  get asXstateParent(): XstateParent {
    const missing: Shown<Self>[] = []
    let shown: Shown<Self> = this
    for (; shown.face === undefined && shown.parent !== undefined; shown = shown.parent) {
      if (!(shown.instance instanceof XstateInstance)) missing.push(shown)
    }
    let above = shown.face?.asParent ?? this.xstateRoot
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      next.face = new CellFace(next, next.id, above, next.logicName)
      above = next.face.asParent
    }
    return above
  }

  /** Shows this actor and all below to xstate's inspection. */
  show(): void {
    for (const shown of [...this.family()]) if (shown.parent !== undefined) void shown.actor
  }

  get value(): unknown {
    return this.instance?.value
  }

  get context(): unknown {
    return this.instance?.context
  }

  /** Its instance is gone. The next one gets a face of its own; the last one's stays to be looked at. */
  protected unshow(): void {
    this.face?.stop()
    if (this.isAlive) this.face = undefined
  }
}
