/** Who waits for somebody to be registered under a name. */
import { Deferred } from '../deferred/deferred.ts'
import type { Ref } from './ref.ts'

export class AwaitedNames {
  /** By the name's text, in order of arrival. Invariant: no set is empty. */
  private readonly waiting = new Map<string, Set<Deferred<Ref>>>()

  /** How many wait, over all names. Costs a walk over the names that are waited for. */
  get size(): number {
    let size = 0
    for (const waiters of this.waiting.values()) size += waiters.size
    return size
  }

  add(text: string): Deferred<Ref> {
    const waiters = this.waiting.get(text) ?? new Set()
    const waiter = new Deferred<Ref>(() => this.remove(text, waiter))
    this.waiting.set(text, waiters.add(waiter))
    return waiter
  }

  /** Tells each once. One that was called off drops it, and one that comes meanwhile waits for the next. */
  tell(text: string, ref: Ref): void {
    const waiters = this.waiting.get(text)
    if (waiters === undefined) return
    this.waiting.delete(text)
    for (const waiter of waiters) waiter.resolve(ref)
  }

  private remove(text: string, waiter: Deferred<Ref>): void {
    const waiters = this.waiting.get(text)
    if (waiters?.delete(waiter) && waiters.size === 0) this.waiting.delete(text)
  }
}
