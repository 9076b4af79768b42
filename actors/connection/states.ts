/**
 * The states of listener and connection, and what leads from one to the other.
 *
 * These tables are the truth: the actors change state by them alone, and the diagrams in this folder's README are
 * checked against them. What is not in the table for a state does not happen in it, and changes nothing.
 */
import type { Transitions } from './transitions.ts'

export type ConnectionState = 'open' | 'securing' | 'halfClosed' | 'closing' | 'closed'

/**
 * - `received`, `drained`, `ended`, `closed`: the stream brought it.
 * - `secure`: what follows is to be encrypted: the listener wants it so, or the conversation.
 * - `secured`: the stream is.
 * - `deliver`: another actor has a message for the peer.
 * - `hangUp`: another actor wants the conversation to end, in its protocol's way.
 * - `woken`: what the conversation waited for elsewhere is there.
 * - `timedOut`: a deadline of the conversation or of the connection has passed.
 * - `finished`: the conversation is over, and what it wrote is on its way.
 * - `lost`: the peer took nothing of what waits for it, or did not close after us, for too long.
 * - `drain`: finish what is in flight, begin nothing new.
 */
export type ConnectionEvent =
  | 'received'
  | 'drained'
  | 'ended'
  | 'closed'
  | 'secure'
  | 'secured'
  | 'deliver'
  | 'hangUp'
  | 'woken'
  | 'timedOut'
  | 'finished'
  | 'lost'
  | 'drain'

export const connectionStates: Transitions<ConnectionState, ConnectionEvent> = {
  // Both sides may speak.
  open: {
    received: 'open',
    drained: 'open',
    deliver: 'open',
    hangUp: 'open',
    woken: 'open',
    timedOut: 'open',
    drain: 'open',
    secure: 'securing',
    ended: 'halfClosed',
    finished: 'closing',
    lost: 'closed',
    closed: 'closed',
  },
  // TLS is being agreed on. The conversation has not begun, or stands still. What is received now was sent before it.
  securing: {
    secured: 'open',
    received: 'closed',
    drained: 'securing',
    deliver: 'securing',
    hangUp: 'securing',
    woken: 'securing',
    timedOut: 'securing',
    drain: 'securing',
    ended: 'closed',
    lost: 'closed',
    closed: 'closed',
  },
  // The peer has said its last; we may not have.
  halfClosed: {
    drained: 'halfClosed',
    deliver: 'halfClosed',
    hangUp: 'halfClosed',
    woken: 'halfClosed',
    timedOut: 'halfClosed',
    drain: 'halfClosed',
    finished: 'closing',
    lost: 'closed',
    closed: 'closed',
  },
  // We have said our last: it leaves, what still comes is read and dropped, for a while.
  closing: {
    received: 'closing',
    ended: 'closing',
    drained: 'closing',
    woken: 'closing',
    drain: 'closing',
    timedOut: 'closing',
    lost: 'closed',
    closed: 'closed',
  },
  // Gone: the actor has ended.
  closed: {},
}

export type ListenerState = 'binding' | 'listening' | 'draining' | 'closed'

/**
 * - `bound`, `bindFailed`: the answer to the attempt to listen.
 * - `accepted`, `acceptFailed`: the port brought it.
 * - `left`: a connection has ended, or several.
 * - `drain`: accept no more; end when the last connection has.
 * - `emptied`: draining, and no connection is left.
 */
export type ListenerEvent =
  | 'bound'
  | 'bindFailed'
  | 'accepted'
  | 'acceptFailed'
  | 'left'
  | 'drain'
  | 'emptied'

export const listenerStates: Transitions<ListenerState, ListenerEvent> = {
  binding: {
    bound: 'listening',
    bindFailed: 'closed',
    drain: 'closed',
  },
  listening: {
    accepted: 'listening',
    acceptFailed: 'listening',
    left: 'listening',
    drain: 'draining',
  },
  draining: {
    accepted: 'draining',
    acceptFailed: 'draining',
    left: 'draining',
    drain: 'draining',
    emptied: 'closed',
  },
  closed: {},
}
