/** Connects as a client, by node:net: a host with addresses of both families is tried on both (RFC 8305), as node does. */
import { connect as connectSocket } from 'node:net'
import { Deferred } from '../deferred/deferred.ts'
import { KEEP_ALIVE_DELAY_MS } from './node-listener.ts'
import { NodeStream } from './node-stream.ts'
import type { ConnectOptions, Poller, StreamPort } from './poller.ts'

export function connect(poller: Poller, options: ConnectOptions): Deferred<StreamPort> {
  const { address } = options
  const path = address.transport === 'unix' ? address.path : undefined
  const connected = new Deferred<StreamPort>(() => socket.destroy())
  const socket = connectSocket({
    ...(address.transport === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    autoSelectFamily: true,
  })
  const failed = (error: Error) => void connected.reject(error)
  socket.on('error', failed)
  socket.on('connect', () => {
    if (!connected.isPending) return
    // Nobody reads before the stream has an owner.
    socket.pause()
    const stream = new NodeStream(poller, socket, options, path)
    socket.removeListener('error', failed)
    connected.resolve(stream)
  })
  return connected
}
