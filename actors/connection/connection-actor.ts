/**
 * The actor of one connection. It owns the stream and runs the conversation: what goes wrong here harms this connection
 * alone. Its states are those of `states.ts`.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { codeOf, describe } from '../../runtime/errors.ts'
import type { Limits } from '../../runtime/limits.ts'
import { CHUNK_COST_BYTES } from '../../runtime/loop/buffered-stream.ts'
import type { PortOwner, StreamPort, Transfer } from '../../runtime/loop/poller.ts'
import type { Securing } from '../../runtime/loop/tls.ts'
import { type BehaviourScope, behaviour, type Handler } from '../../runtime/system/behaviour.ts'
import type { Logic, Spawn } from '../../runtime/system/logic.ts'
import type { MailboxOptions } from '../../runtime/system/options.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { Connection, type ConnectionHost, type DeliveryEvent } from './connection.ts'
import type { Crowd } from './crowd.ts'
import { type ConnectionTimeoutError, earlyBytes } from './errors.ts'
import type { ConnectionLimits } from './limits.ts'
import type { Protocol } from './protocol.ts'
import { type ConnectionEvent, type ConnectionState, connectionStates } from './states.ts'
import { enter, statesOf } from './transitions.ts'

export interface ConnectionInput {
  readonly crowd: Crowd
  readonly port: StreamPort
  readonly protocol: Protocol<AnyKey>
  readonly limits: ConnectionLimits
  readonly inputHighWaterBytes: number
  /** Left out, the conversation begins at once, and in the clear. */
  readonly securing?: Securing
  /** For who waits for it. */
  readonly opening?: Opening
}

/** Whoever connects is told how it went: one of the two, once. */
export interface Opening {
  /** The conversation has begun. */
  opened(connection: Connection): void
  /** It never will: with the stream's error, where there is one. */
  failed(error: Error | undefined): void
}

interface ConnectionData {
  readonly input: ConnectionInput
  /** Set once, when the actor starts. */
  connection: Connection
  /** Undefined until there is something to talk over. */
  conversation: Generator<void, void, void> | undefined
}

type Scope = BehaviourScope<ConnectionData>
type Received = Extract<Transfer, { type: 'received' }>
type Secured = Extract<Transfer, { type: 'secured' }>
type Closed = Extract<Transfer, { type: 'closed' }>

/** `secure`, `finished` and `lost` are noticed where they happen. */
const handlers: Readonly<Partial<Record<ConnectionEvent, Handler<ConnectionData, never>>>> = {
  received: (scope: Scope, { bytes }: Received) => {
    const { connection } = scope.data
    if (scope.state === 'closing') {
      connection.receivedLate()
      return
    }
    if (scope.state === 'securing') {
      lose(scope, 'received', earlyBytes())
      return
    }
    connection.received(bytes)
    advance(scope)
  },
  drained: (scope: Scope) => {
    scope.data.connection.drained()
    advance(scope)
  },
  secured: (scope: Scope, { session }: Secured) => {
    const { data } = scope
    enter(connectionStates, scope, 'secured')
    data.connection.secured(session)
    if (data.conversation === undefined) begin(scope)
    advance(scope)
  },
  deliver: ({ data }: Scope, { message }: Extract<DeliveryEvent, { type: 'deliver' }>) => {
    data.connection.receiver?.take(message)
  },
  hangUp: (scope: Scope, why: Extract<DeliveryEvent, { type: 'hangUp' }>) => {
    scope.data.connection.hangUp(why)
    scope.data.connection.stepping()
    advance(scope)
  },
  ended: (scope: Scope) => {
    if (scope.state === 'closing') return
    if (scope.state === 'securing') {
      lose(scope, 'ended')
      return
    }
    enter(connectionStates, scope, 'ended')
    scope.data.connection.ended()
    advance(scope)
  },
  woken: (scope: Scope) => {
    scope.data.connection.stepping()
    advance(scope)
  },
  drain: (scope: Scope) => {
    const { connection, conversation } = scope.data
    connection.drain()
    if (conversation === undefined) connection.hurryHandshake()
    advance(scope)
  },
  timedOut: (scope: Scope) => {
    const timeout = scope.data.connection.takeTimeout()
    const { conversation } = scope.data
    if (timeout === undefined) return
    if (timeout === 'lost' || conversation === undefined || scope.state === 'securing')
      lose(scope, 'lost', timeout)
    else settle(scope, overtake(conversation, timeout))
  },
  closed: (scope: Scope, { error }: Closed) => lose(scope, 'closed', error),
}

export const connectionActor = behaviour({
  name: 'connection',
  initial: 'open' satisfies ConnectionState,
  data: (input: ConnectionInput): ConnectionData => ({ input }) as ConnectionData,
  start(scope: Scope, _ctx: Context) {
    const { data, self, ctx } = scope
    const { port, limits, inputHighWaterBytes, securing } = data.input
    const hands = new Hands(scope)
    data.connection = new Connection(ctx, port, limits, inputHighWaterBytes, hands)
    data.input.crowd.enter(self, data.connection)
    try {
      // Before anything is read: all of it belongs to the handshake.
      if (securing === undefined) begin(scope)
      else secure(scope, securing)
      port.owner = hands
      advance(scope)
    } catch (error) {
      // What does not come to life is not stopped either.
      data.input.opening?.failed(error instanceof Error ? error : undefined)
      data.connection.release()
      data.input.crowd.leave(self)
      throw error
    }
  },
  stop({ data, self }: Scope) {
    try {
      data.conversation?.return()
    } finally {
      data.input.opening?.failed(undefined)
      data.connection.release()
      data.input.crowd.leave(self)
    }
  },
  states: statesOf(connectionStates, handlers),
}) as unknown as Logic<{ readonly type: ConnectionEvent }, never, ConnectionInput>

/** What the actor does for its connection and its stream. One object, and not a closure for each: there are many connections. */
class Hands implements ConnectionHost, PortOwner {
  private readonly scope: Scope

  constructor(scope: Scope) {
    this.scope = scope
  }

  get ref(): Ref<DeliveryEvent> {
    return this.scope.self as Ref<DeliveryEvent>
  }

  get spawn(): Spawn {
    return this.scope.spawn
  }

  secure(securing: Securing): void {
    secure(this.scope, securing)
  }

  wake(): boolean {
    return this.scope.self.send(this.scope.ctx, WOKEN) !== 'full'
  }

  timedOut(): boolean {
    return this.scope.self.send(this.scope.ctx, TIMED_OUT) !== 'full'
  }

  transferred(transfer: Transfer): void {
    const { self, ctx, data } = this.scope
    // A mailbox that has no room for what a stream brings belongs to a connection beyond help.
    if (self.send(ctx, transfer) !== 'accepted') data.input.port.destroy(true)
  }
}

const WOKEN = { type: 'woken' } as const
const TIMED_OUT = { type: 'timedOut' } as const

/** There is something to talk over. */
function begin({ data, ctx }: Scope): void {
  const { connection, input } = data
  data.conversation = input.protocol.converse(ctx as Context<AnyKey>, connection)
  connection.opened()
  input.opening?.opened(connection)
}

function secure(scope: Scope, securing: Securing): void {
  const { connection, conversation, input } = scope.data
  enter(connectionStates, scope, 'secure')
  connection.securing(conversation === undefined)
  input.port.secure(securing)
}

/** The conversation looks again at what it waits for. What it throws fails the actor, and that ends the connection. */
function advance(scope: Scope): void {
  const { conversation } = scope.data
  if (conversation === undefined || (scope.state !== 'open' && scope.state !== 'halfClosed')) return
  settle(scope, conversation.next())
}

/** Tells a conversation that its time is over. One that does not listen is over too, and nobody is at fault but the peer. */
function overtake(
  conversation: Generator<void, void, void>,
  timeout: ConnectionTimeoutError,
): IteratorResult<void, void> {
  try {
    return conversation.throw(timeout)
  } catch (error) {
    if (error === timeout) return { done: true, value: undefined }
    throw error
  }
}

function settle(scope: Scope, step: IteratorResult<void, void>): void {
  const { data } = scope
  const { connection } = data
  const { successor } = connection
  if (step.done === true && successor !== undefined) {
    connection.successor = undefined
    data.conversation = successor
    advance(scope)
  } else if (step.done === true) {
    enter(connectionStates, scope, 'finished')
    connection.finish()
  } else {
    connection.regulate()
  }
}

/** Room for all that a stream may bring in one turn, one byte a piece, and for what else a connection is told. */
export function mailboxFor({ mailboxCapacity, inputHighWaterBytes }: Limits): MailboxOptions {
  const pieces = Math.ceil(inputHighWaterBytes / CHUNK_COST_BYTES) + 1
  return { capacity: Math.max(mailboxCapacity, pieces + OTHER_EVENTS) }
}

/** Secured, ended, drained, closed, woken, timedOut, drain: each can wait once or twice. */
const OTHER_EVENTS = 16

/** The stream is gone, or is given up. */
function lose(scope: Scope, event: 'closed' | 'lost' | 'ended' | 'received', why?: Error | 'lost'): void {
  const { data, ctx, state } = scope
  const error = why instanceof Error ? why : undefined
  if (state === 'securing') {
    const { remote } = data.connection
    const what = error === undefined ? 'the peer has left' : describe(error)
    ctx.log.debug({ code: codeOf(error), remote }, `no TLS could be agreed on: ${what}`)
  }
  data.input.opening?.failed(error)
  enter(connectionStates, scope, event)
  scope.stop('the connection is closed')
}
