/**
 * A server small enough for tests of the simulation itself: a listening actor, and one for each connection, which sends
 * back what it gets, in capitals, after some asynchronous work by the clock.
 */
import {
  type Address,
  type Context,
  defaultLimits,
  type StreamPort,
  type Transfer,
} from '../../../runtime/index.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { System } from '../../../runtime/system/system.ts'

export const address: Address = { transport: 'tcp', host: '127.0.0.1', port: 80 }

interface Bytes {
  readonly type: 'bytes'
  readonly text: string
}

function connection(stream: StreamPort, thinkMs: number) {
  return behaviour({
    name: 'connection',
    initial: 'open',
    start: (scope) => {
      stream.owner = {
        transferred(transfer: Transfer) {
          if (transfer.type === 'received') {
            scope.self.send(scope.ctx, { type: 'bytes', text: transfer.bytes.toString('latin1') })
          } else if (transfer.type === 'ended') stream.end()
          else if (transfer.type === 'closed') scope.stop('the connection is closed')
        },
      }
    },
    stop: () => stream.destroy(),
    states: {
      open: {
        bytes: async ({ ctx }, { text }: Bytes) => {
          for (let i = 0; i < 10; i++) await null
          if (thinkMs > 0) await ctx.after(thinkMs)
          ctx.log.info({ bytes: text.length, id: ctx.random.nextUint32() }, 'echoed')
          stream.write(text.toUpperCase())
        },
      },
    },
  })
}

/** Listens at `address`. @param thinkMs - how long each answer takes, by the clock. */
export function echoServer(thinkMs = 0) {
  let close = () => {}
  return behaviour({
    name: 'echo',
    initial: 'listening',
    needs: [System],
    start: ({ spawn }, ctx: Context<typeof System>) => {
      const { poller } = ctx.get(System)
      const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
      poller.listen({ address, outputHighWaterBytes, inputHighWaterBytes }).listen(
        (listener) => {
          close = () => void listener.close()
          listener.owner = {
            transferred(transfer: Transfer) {
              if (transfer.type === 'accepted') spawn(ctx, connection(transfer.stream, thinkMs))
            },
          }
        },
        () => {},
      )
    },
    stop: () => close(),
    states: { listening: {} },
  })
}
