/**
 * The poller over Node's event loop. libuv does not say what is ready, it calls back: a callback marks a port ready and
 * returns, and the next turn asks the port.
 */
import type { Deferred } from '../deferred/deferred.ts'
import { connect } from './node-connect.ts'
import { listen } from './node-listener.ts'
import type { ConnectOptions, ListenerPort, ListenOptions, Poller, StreamPort } from './poller.ts'
import { ReadyQueue } from './ready-queue.ts'

/** TCP and unix sockets of this process. A poller that is not used holds nothing, and does not keep the process alive. */
export function createNodePoller(): Poller {
  return new NodePoller()
}

/**
 * Looks at I/O, one directly after the other, for the rest of a burst of connections, before a turn is held up no longer.
 * An iteration in which nothing else happens takes about 20 us, so this is a millisecond or two.
 */
const ACCEPT_LOOKS_MAX = 64

class NodePoller extends ReadyQueue implements Poller {
  /** A connection was accepted since I/O was last looked at. */
  private hasAccepted = false
  private looks = 0

  /**
   * Behind libuv's poll phase, so that all that is readable in one phase is taken in by one turn.
   *
   * libuv accepts one connection an iteration (since 1.45). Where each iteration had a turn that serves hundreds of
   * others, the last of a burst would wait for as many turns as there are connections before it: for seconds.
   * So while connections are coming in, the turn waits for the next look.
   */
  defer(run: () => void): void {
    setImmediate(this.looked, run)
  }

  listen(options: ListenOptions): Deferred<ListenerPort> {
    return listen(this, options, () => {
      this.hasAccepted = true
    })
  }

  connect(options: ConnectOptions): Deferred<StreamPort> {
    return connect(this, options)
  }

  private readonly looked = (run: () => void): void => {
    if (this.hasAccepted && this.looks < ACCEPT_LOOKS_MAX) {
      this.hasAccepted = false
      this.looks += 1
      this.defer(run)
    } else {
      this.hasAccepted = false
      this.looks = 0
      run()
    }
  }
}
