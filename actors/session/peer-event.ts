/** What a connection understands whose protocol sends messages of type `T`. */
import type { HangUp } from '../connection/connection.ts'
import { Shared } from './shared.ts'

export type PeerEvent<T> =
  /** Has a message for the peer. */
  | { readonly type: 'deliver'; readonly message: Shared<T> }
  /** Wants the conversation to end, in its protocol's way. */
  | ({ readonly type: 'hangUp' } & HangUp)

/** The event that has a message delivered. However many it is sent to, the message is encoded once for each format. */
export function deliver<T>(message: T): Extract<PeerEvent<T>, { type: 'deliver' }> {
  return { type: 'deliver', message: new Shared(message) }
}
