/**
 * The actor of one connection. It owns the stream and runs the conversation: what goes wrong here harms this connection
 * alone. Its states are those of `states.ts`.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { StreamPort, Transfer } from '../../runtime/loop/poller.ts'
import { type BehaviourScope, behaviour, type Handler } from '../../runtime/system/behaviour.ts'
import type { Logic } from '../../runtime/system/logic.ts'
import { Connection } from './connection.ts'
import type { Crowd } from './crowd.ts'
import type { ConnectionTimeoutError } from './errors.ts'
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
}

interface ConnectionData {
  readonly input: ConnectionInput
  /** Set once, when the actor starts. */
  connection: Connection
  conversation: Generator<void, void, void>
}

type Scope = BehaviourScope<ConnectionData>
type Received = Extract<Transfer, { type: 'received' }>

/** `finished` and `lost` are noticed where they happen, in `settle` and in `timedOut`. */
const handlers: Readonly<Partial<Record<ConnectionEvent, Handler<ConnectionData, never>>>> = {
  received: (scope: Scope, { bytes }: Received) => {
    const { connection } = scope.data
    if (scope.state === 'closing') {
      connection.receivedLate()
      return
    }
    connection.received(bytes)
    advance(scope)
  },
  drained: (scope: Scope) => {
    scope.data.connection.drained()
    advance(scope)
  },
  ended: (scope: Scope) => {
    if (scope.state === 'closing') return
    enter(connectionStates, scope, 'ended')
    scope.data.connection.ended()
    advance(scope)
  },
  woken: (scope: Scope) => {
    scope.data.connection.stepping()
    advance(scope)
  },
  drain: (scope: Scope) => {
    scope.data.connection.drain()
    advance(scope)
  },
  timedOut: (scope: Scope) => {
    const timeout = scope.data.connection.takeTimeout()
    if (timeout === 'lost') lose(scope, 'lost')
    else if (timeout !== undefined) settle(scope, overtake(scope.data.conversation, timeout))
  },
  closed: (scope: Scope) => lose(scope, 'closed'),
}

export const connectionActor = behaviour({
  name: 'connection',
  initial: 'open' satisfies ConnectionState,
  data: (input: ConnectionInput): ConnectionData => ({ input }) as ConnectionData,
  start(scope: Scope, _ctx: Context) {
    const { data, self, ctx } = scope
    const { port, protocol, limits, inputHighWaterBytes } = data.input
    data.connection = new Connection(ctx, port, limits, inputHighWaterBytes, {
      wake: () => void self.send(ctx, WOKEN),
      timedOut: () => void self.send(ctx, TIMED_OUT),
    })
    data.input.crowd.enter(self, data.connection)
    try {
      data.conversation = protocol.converse(ctx as Context<AnyKey>, data.connection)
      data.connection.opened()
      port.owner = {
        transferred(transfer) {
          // A mailbox that has no room for what a stream brings belongs to a connection beyond help.
          if (self.send(ctx, transfer) !== 'accepted') port.destroy(true)
        },
      }
      advance(scope)
    } catch (error) {
      // What does not come to life is not stopped either.
      data.connection.release()
      data.input.crowd.leave(self)
      throw error
    }
  },
  stop({ data, self }: Scope) {
    try {
      data.conversation.return()
    } finally {
      data.connection.release()
      data.input.crowd.leave(self)
    }
  },
  states: statesOf(connectionStates, handlers),
}) as unknown as Logic<{ readonly type: ConnectionEvent }, never, ConnectionInput>

const WOKEN = { type: 'woken' } as const
const TIMED_OUT = { type: 'timedOut' } as const

/** The conversation looks again at what it waits for. What it throws fails the actor, and that ends the connection. */
function advance(scope: Scope): void {
  if (scope.state === 'open' || scope.state === 'halfClosed') settle(scope, scope.data.conversation.next())
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
  const { connection } = scope.data
  if (step.done === true) {
    enter(connectionStates, scope, 'finished')
    connection.finish()
  } else {
    connection.regulate()
  }
}

/** The stream is gone, or is given up. */
function lose(scope: Scope, event: 'closed' | 'lost'): void {
  enter(connectionStates, scope, event)
  scope.stop('the connection is closed')
}
