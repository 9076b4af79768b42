/** A peer, as the actors see it that have something to tell it. Good to keep: after the peer's end it says so. */
import type { Address } from '../../runtime/loop/poller.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { Connection, HangUp } from '../connection/connection.ts'
import type { Outlet } from './outlet.ts'
import type { PeerEvent } from './peer-event.ts'
import type { Told } from './run.ts'
import { Shared } from './shared.ts'

export class Peer<in out T> {
  /** The connection's actor: a member for groups, to be watched for its end. */
  readonly ref: Ref<PeerEvent<T>>
  /** What the connection and its peer have agreed to speak: a subprotocol of WebSocket. */
  readonly protocol: string | undefined
  private readonly connection: Connection
  private readonly outlet: Outlet<T>

  constructor(connection: Connection, outlet: Outlet<T>, protocol?: string) {
    this.ref = connection.ref as Ref<PeerEvent<T>>
    this.connection = connection
    this.outlet = outlet
    this.protocol = protocol
  }

  /** Where it is; undefined once that is not known any more. */
  get remote(): Address | undefined {
    return this.connection.remote
  }

  /**
   * Sends it a message, behind all that it was sent before: at once, into the outlet of its connection, which has its own bound.
   *
   * @returns `full` where it reads so slowly that it is being disconnected; `closed` where it is no more.
   */
  send(message: T): Told {
    return this.outlet.tell(new Shared(message))
  }

  /** Ends the conversation, in its protocol's way, once what was sent before has left. */
  hangUp(why: HangUp = {}): void {
    this.ref.send(this.connection.ctx, { type: 'hangUp', ...why })
  }
}
