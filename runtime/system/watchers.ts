/** Who waits for an actor's end. */
import { Deferred } from '../deferred/deferred.ts'
import type { Down } from './ref.ts'

export class Watchers {
  /** In order of arrival. */
  private readonly waiting = new Set<Deferred<Down>>()

  add(): Deferred<Down> {
    const watcher = new Deferred<Down>(() => this.waiting.delete(watcher))
    this.waiting.add(watcher)
    return watcher
  }

  /** Tells each once. One that was called off drops it. */
  tell(down: Down): void {
    for (const watcher of this.waiting) watcher.resolve(down)
    this.waiting.clear()
  }
}
