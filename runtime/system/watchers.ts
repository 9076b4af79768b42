/** Who waits for an actor's end. */
import { Deferred } from '../deferred/deferred.ts'
import type { Down } from './ref.ts'

export class Watchers {
  /** In order of arrival. Those that were called off are dropped in bulk, so that leaving costs the same for any number. */
  private waiting: Deferred<Down>[] = []
  private goneCount = 0

  add(): Deferred<Down> {
    const watcher = new Deferred<Down>(() => this.oneGone())
    this.waiting.push(watcher)
    return watcher
  }

  /** Tells each once. One that was called off drops it. */
  tell(down: Down): void {
    const { waiting } = this
    this.waiting = []
    for (const watcher of waiting) watcher.resolve(down)
  }

  private oneGone(): void {
    this.goneCount += 1
    if (this.goneCount <= this.waiting.length >> 1) return
    this.goneCount = 0
    // The one that is being called off is still pending: it goes with the next bulk.
    this.waiting = this.waiting.filter((watcher) => watcher.isPending)
  }
}
