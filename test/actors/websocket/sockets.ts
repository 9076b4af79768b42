/** Both faces of a WebSocket server that says back what it hears: tests hold for one as for the other. */
import { receiving } from 'greenroom'
import type { Messages, Peer, SessionEvent, WebSocketMessage } from 'greenroom/actors'
import type { SocketOptions } from './server.ts'

type Out = string | Uint8Array
export type EchoOptions = Pick<SocketOptions<Out>, 'session' | 'converse'>

export interface Met {
  readonly peers: Peer<Out>[]
  /** Why each heard no more. */
  readonly ends: unknown[]
}

/** Says back what it hears, says `fail` and fails, `done` and is done; and `ended: cause` at the end. */
export const faces: readonly (readonly [name: 'session' | 'converse', face: (met?: Met) => EchoOptions])[] = [
  [
    'session',
    ({ peers, ends } = { peers: [], ends: [] }) => ({
      session: receiving<SessionEvent<WebSocketMessage>, Peer<Out>>(function* echo({ receive, input: peer }) {
        peers.push(peer)
        for (;;) {
          const { event } = yield* receive()
          if (event.type === 'ended') {
            ends.push(event.cause)
            peer.send(`ended: ${event.cause}`)
            return
          }
          peer.send(event.message)
          if (event.message === 'fail') throw new Error('boom')
          if (event.message === 'done') return
        }
      }),
    }),
  ],
  [
    'converse',
    ({ peers, ends } = { peers: [], ends: [] }) => ({
      *converse(_ctx: unknown, messages: Messages<WebSocketMessage, Out>) {
        peers.push(messages.peer)
        try {
          for (;;) {
            const message = yield* messages.receive()
            if (message === undefined) break
            messages.send(message)
            if (message === 'fail') throw new Error('boom')
            if (message === 'done') return
          }
        } finally {
          ends.push(messages.end)
          if (messages.end !== undefined) messages.send(`ended: ${messages.end}`)
        }
      },
    }),
  ],
]
