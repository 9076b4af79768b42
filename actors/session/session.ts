/**
 * A session: an actor that speaks for one peer. It is a child of the connection's actor, gets the peer's messages as events,
 * and answers through the `Peer` that is its input.
 *
 *     const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input: peer }) {
 *       for (;;) {
 *         const { event } = yield* receive()
 *         if (event.type === 'ended') return
 *         peer.send(event.message)
 *       }
 *     })
 *
 * Rules: no more is read while as much waits for it as `messagesAheadMax` and `bytesAheadMax` allow; what other actors send it takes none
 * of that room. It is told when no more will come, handles what it has, and ends; one that does not is ended after
 * `sessionGraceMs`. Its own end, however it comes, ends the conversation, behind what it has said last; and the loss of the
 * connection ends it, so that its `finally` blocks run.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Envelope, EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Logic } from '../../runtime/system/logic.ts'
import type { EndReason, Ref } from '../../runtime/system/ref.ts'
import { System } from '../../runtime/system/system.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import type { SessionLimits } from './limits.ts'
import type { EndCause, Messages } from './messages.ts'
import type { Peer } from './peer.ts'

export type SessionEvent<In> =
  | { readonly type: 'message'; readonly message: In }
  /** No more will come. It may still say something, and ends. */
  | { readonly type: 'ended'; readonly cause: EndCause }

/** The logic of a session: a receiving generator, or a behaviour. */
export type SessionLogic<In, Out, K extends AnyKey = never> = Logic<SessionEvent<In>, K, Peer<Out>>

const LATE = 'SESSION_LATE'

/**
 * Runs a conversation by a session of `logic`.
 *
 * @returns how the session ended; undefined where it was ended for taking too long.
 * @throws what `messages.receive` throws, once the session has ended.
 */
export function* runSession<In, Out, K extends AnyKey>(
  ctx: Context<K>,
  connection: Connection,
  messages: Messages<In, Out>,
  logic: SessionLogic<In, Out, K>,
  { messagesAheadMax, bytesAheadMax, sessionGraceMs }: SessionLimits,
): Generator<void, EndReason | undefined, void> {
  let ended: EndReason | undefined
  /** Of our events those that wait for the session, and what they hold. */
  let ahead = 0
  let bytesAhead = 0
  const { mailboxCapacity } = (ctx as unknown as Context<typeof System>).get(System).limits
  const session: Ref<SessionEvent<In>> = connection.spawn(ctx, noticing(logic, taken), {
    name: 'session',
    input: messages.peer,
    // Ours, its end, and as much from others as any actor has room for.
    mailbox: { capacity: messagesAheadMax + 2 + mailboxCapacity },
  })
  const down = session.watch()
  down.listen(
    ({ reason }) => {
      ended = reason
      messages.stop()
    },
    () => {},
  )
  let fault: { readonly error: unknown } | undefined
  let isLate = false
  let drainedByMs: number | undefined
  try {
    for (;;) {
      const message = yield* messages.receive()
      if (message === undefined) break
      if (isFull()) yield* untilTaken()
      tell({ type: 'message', message })
    }
  } catch (error) {
    if (isLateness(error)) isLate = true
    else fault = { error }
  }
  try {
    if (!isLate) {
      connection.expect(sessionGraceMs, LATE, 'end of the session')
      tell({ type: 'ended', cause: messages.end ?? 'fault' })
      while (ended === undefined) yield
    }
  } catch (error) {
    if (!isLateness(error)) throw error
    isLate = true
  }
  if (isLate) {
    down.cancel('it is waited for no more')
    session.stop('it has not ended in time')
  }
  if (fault !== undefined) throw fault.error
  return ended

  /** While the session has its hands full nothing more is read. Where the server drains it has no more time than for its end. */
  function* untilTaken(): Generator<void, void, void> {
    connection.expectNothing()
    while (isFull() && !messages.isToEnd()) {
      if (connection.isDraining) {
        const { nowMs } = connection
        drainedByMs ??= nowMs + sessionGraceMs
        connection.expect(Math.max(0, drainedByMs - nowMs), LATE, 'end of the session')
      }
      yield
    }
  }

  function tell(event: SessionEvent<In>): void {
    // One that has just ended wants no more of it.
    if (!session.isAlive) return
    ahead += 1
    bytesAhead += sizeOf(event)
    if (session.send(ctx, event, connection.ref) === 'full')
      session.stop('it has not taken what was sent to it')
  }

  function taken({ sender, event }: Envelope): void {
    if (sender !== connection.ref) return
    const wasFull = isFull()
    ahead -= 1
    bytesAhead -= sizeOf(event as SessionEvent<In>)
    if (wasFull && !isFull()) connection.wake()
  }

  function isFull(): boolean {
    return ahead >= messagesAheadMax || bytesAhead >= bytesAheadMax
  }
}

function isLateness(error: unknown): boolean {
  return error instanceof ConnectionTimeoutError && error.code === LATE
}

/** Of a message that is text or bytes; others have none. */
function sizeOf(event: SessionEvent<unknown>): number {
  if (event.type === 'ended') return 0
  const { message } = event
  return typeof message === 'string' || message instanceof Uint8Array ? message.length : 0
}

/** The same logic; `taken` is told of each message that an actor of it takes. */
function noticing<E extends EventObject, K extends AnyKey, I>(
  logic: Logic<E, K, I>,
  taken: (envelope: Envelope) => void,
): Logic<E, K, I> {
  return {
    ...logic,
    create(host, ctx, input) {
      const instance = logic.create(host, ctx, input)
      const receive = instance.receive.bind(instance)
      instance.receive = (envelope) => {
        taken(envelope)
        receive(envelope)
      }
      return instance
    },
  }
}
