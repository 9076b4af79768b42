/**
 * Cancellation and deadlines, as a tree of scopes: what ends above ends below.
 *
 * Theory of operation. Scopes are looked at far more often than they are cancelled, and most die unheard. So a scope
 * is not known to its parent until somebody listens to it: `cause` walks up and compares the deadline with the clock
 * (pull), and only the first listener links the scope and its ancestors and arms their deadlines (push); the last one
 * to go undoes both. A scope that nobody listens to costs one object and leaks nothing, even if it is never cancelled.
 *
 * Rules: the first cause wins, along the whole path, and pull and push agree on it: a deadline counts from its own
 * instant, however late anybody looks, and before a cancellation of the same instant. Listeners run once, in order of
 * arrival, parents' before children's; one that throws harms no other. Nothing recurses: a tree may be deep.
 */
import { DeadlineError } from '../errors.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'

/** Why a scope ended, and when: a monotonic instant of its clock. */
export interface Cancellation {
  readonly reason: unknown
  readonly atMs: number
}

const NEVER = Number.POSITIVE_INFINITY

export type CancelListener = (cancellation: Cancellation) => void

export class CancelScope {
  readonly parent: CancelScope | undefined
  readonly clock: Clock
  /** This scope's own deadline, a monotonic instant or Infinity; those above have theirs. */
  private ownDeadlineMs: number
  private ended: Cancellation | undefined = undefined
  private listeners: Set<CancelListener> | undefined = undefined
  /** Those below that are linked. */
  private children: Set<CancelScope> | undefined = undefined
  /** Known to the parent, with a timer armed for its deadline if it has one. Invariant: exactly while somebody listens, here or to a child. */
  private isLinked = false
  private timer: Timer | undefined = undefined

  constructor(clock: Clock, parent?: CancelScope, deadlineMs = NEVER) {
    this.clock = clock
    this.parent = parent
    this.ownDeadlineMs = deadlineMs
  }

  /** The earliest deadline on the way up: a monotonic instant, or Infinity. */
  get deadlineMs(): number {
    let deadlineMs = this.ownDeadlineMs
    for (let above = this.parent; above !== undefined; above = above.parent) {
      if (above.ownDeadlineMs < deadlineMs) deadlineMs = above.ownDeadlineMs
    }
    return deadlineMs
  }

  /** What everything ends with. */
  get root(): CancelScope {
    let root: CancelScope = this
    while (root.parent !== undefined) root = root.parent
    return root
  }

  /** This scope's own deadline was met: it counts no longer, neither here nor below. */
  liftDeadline(): void {
    this.ownDeadlineMs = NEVER
    this.timer?.cancel()
    this.timer = undefined
  }

  /** Why this has ended, or undefined while it has not. */
  get cause(): Cancellation | undefined {
    // Asked for every message, and most are sent in a context that nothing can end.
    if (this.ended !== undefined || (this.parent === undefined && this.ownDeadlineMs === NEVER))
      return this.ended
    // The earliest deadline of the path decides, so one look at the clock serves all of it. Where several scopes have
    // the same, it is the highest one's, and all below have that one's cause.
    let owner: CancelScope = this
    let above = this.parent
    while (above !== undefined && above.ended === undefined) {
      if (above.ownDeadlineMs <= owner.ownDeadlineMs) owner = above
      above = above.parent
    }
    const atMs = owner.ownDeadlineMs
    if (above?.ended !== undefined) owner.end(above.ended)
    else if (atMs !== NEVER && this.clock.nowMs() >= atMs) owner.expire()
    if (owner.ended !== undefined) this.end(owner.ended)
    return this.ended
  }

  /** Ends this scope and those below. @returns false if it had ended before: the first cause stays. */
  cancel(reason: unknown): boolean {
    if (this.cause !== undefined) return false
    this.end({ reason, atMs: this.clock.nowMs() })
    return true
  }

  /**
   * Calls `listener` once, when this ends; synchronously, if it has ended already.
   *
   * @returns how to stop listening; idempotent.
   */
  listen(listener: CancelListener): () => void {
    const { cause } = this
    if (cause !== undefined) {
      listener(cause)
      return () => {}
    }
    // A wrapper of its own, so that one function may listen twice and each be removed alone.
    const entry: CancelListener = (cancellation) => listener(cancellation)
    this.listeners ??= new Set()
    this.listeners.add(entry)
    this.link()
    return () => {
      if (this.listeners?.delete(entry)) this.unlink()
    }
  }

  /** Makes this and its ancestors known upwards, as far as they are not. None of them has ended: `cause` looked. */
  private link(): void {
    let scope: CancelScope = this
    while (!scope.isLinked) {
      scope.isLinked = true
      const { parent } = scope
      if (scope.ownDeadlineMs !== NEVER) scope.arm()
      if (parent === undefined) return
      parent.children ??= new Set()
      parent.children.add(scope)
      scope = parent
    }
  }

  /** Undoes `link` where nobody listens any more. */
  private unlink(): void {
    let scope: CancelScope = this
    while (scope.isLinked && !scope.isHeard()) {
      scope.isLinked = false
      scope.timer?.cancel()
      scope.timer = undefined
      const { parent } = scope
      if (parent === undefined) return
      parent.children?.delete(scope)
      scope = parent
    }
  }

  private isHeard(): boolean {
    return (
      (this.listeners !== undefined && this.listeners.size > 0) ||
      (this.children !== undefined && this.children.size > 0)
    )
  }

  /** A deadline that is further away than a timer may be is approached in steps. */
  private arm(): void {
    const atMs = Math.min(this.ownDeadlineMs, this.clock.nowMs() + DELAY_MS_MAX)
    this.timer = this.clock.schedule(atMs, () => (atMs === this.ownDeadlineMs ? this.expire() : this.arm()))
  }

  private expire(): void {
    this.end({ reason: new DeadlineError(this.ownDeadlineMs), atMs: this.ownDeadlineMs })
  }

  /**
   * Ends this and all that is linked below, and only then tells the listeners: they see the whole of it ended. For one
   * who knows the instant, and that nothing above has ended: `cancel` looks at both.
   */
  end(cancellation: Cancellation): void {
    if (this.ended !== undefined) return
    this.ended = this.firstOf(cancellation)
    this.parent?.children?.delete(this)
    const ending: CancelScope[] = [this]
    for (let i = 0; i < ending.length; i++) {
      const scope = ending[i] as CancelScope
      scope.isLinked = false
      scope.timer?.cancel()
      scope.timer = undefined
      if (scope.children === undefined) continue
      for (const child of scope.children) {
        child.ended = child.firstOf(scope.ended as Cancellation)
        ending.push(child)
      }
      scope.children = undefined
    }
    for (const scope of ending) scope.tell()
    // The ancestors may have been linked for this alone.
    this.parent?.unlink()
  }

  /** Of what ended the parent and the own deadline, which came first? */
  private firstOf(above: Cancellation): Cancellation {
    const isOwnFirst =
      this.ownDeadlineMs <= above.atMs &&
      !(above.reason instanceof DeadlineError && above.atMs === this.ownDeadlineMs)
    return isOwnFirst ? { reason: new DeadlineError(this.ownDeadlineMs), atMs: this.ownDeadlineMs } : above
  }

  private tell(): void {
    const { listeners } = this
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        listener(this.ended as Cancellation)
      } catch (error) {
        void Promise.reject(error)
      }
    }
    this.listeners = undefined
  }
}
