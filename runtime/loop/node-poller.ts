/**
 * The poller over Node's event loop. libuv does not say what is ready, it calls back: a callback marks a port ready and
 * returns, and the next turn asks the port.
 */
import type { Deferred } from '../deferred/deferred.ts'
import { listen } from './node-listener.ts'
import type { ListenerPort, ListenOptions, Poller } from './poller.ts'
import { ReadyQueue } from './ready-queue.ts'

/** TCP and unix sockets of this process. A poller that is not used holds nothing, and does not keep the process alive. */
export function createNodePoller(): Poller {
  return new NodePoller()
}

class NodePoller extends ReadyQueue implements Poller {
  /** Behind libuv's poll phase, so that all that is readable in one phase is taken in by one turn. */
  defer(run: () => void): void {
    setImmediate(run)
  }

  listen(options: ListenOptions): Deferred<ListenerPort> {
    return listen(this, options)
  }
}
