/**
 * A listener carried by a server of node:net.
 *
 * Rules: an error while binding fails the deferred; one while accepting harms a connection that never was, is told as
 * `acceptFailed`, and the listener goes on. A connection is not read from before somebody owns its stream.
 */
import { lstatSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { Deferred } from '../deferred/deferred.ts'
import { codeOf } from '../errors.ts'
import { BufferedListener } from './buffered-listener.ts'
import { NodeStream, tcpAddress } from './node-stream.ts'
import type { ListenerPort, ListenOptions, Poller } from './poller.ts'

/** Connections that wait for `accept`: Node's own default. */
const BACKLOG_DEFAULT = 511

/** Silence after which the operating system asks whether the peer is still there; how often, and when it gives up, is its own. */
export const KEEP_ALIVE_DELAY_MS = 60_000

/**
 * Binds and listens. The file of a unix socket whose server has died is removed and the name taken over; that of a
 * server which answers is left alone, and so is anything that is no socket.
 *
 * @param onAccepted - called for each connection, from node's callback.
 */
export function listen(
  poller: Poller,
  options: ListenOptions,
  onAccepted: () => void,
): Deferred<ListenerPort> {
  const { address } = options
  const bound = bind(poller, options, onAccepted)
  if (address.transport === 'tcp') return bound
  return bound.catch((error) => {
    if (codeOf(error) !== 'EADDRINUSE') throw error
    return hasDied(address.path).then((isDead) => {
      if (!isDead) throw error
      rmSync(address.path, { force: true })
      return bind(poller, options, onAccepted)
    })
  })
}

function bind(poller: Poller, options: ListenOptions, onAccepted: () => void): Deferred<ListenerPort> {
  const { address, backlog = BACKLOG_DEFAULT } = options
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    pauseOnConnect: true,
    // A peer that is gone without a word is found even where nothing is said for long, as in a silent stream.
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  })
  const bound = new Deferred<ListenerPort>(() => server.close())
  // It stays for good, so that no error is ever unhandled; once bound, it has no effect.
  server.on('error', (error) => bound.reject(error))
  server.on('listening', () => {
    // Cancelled while a host's name was looked up: node binds all the same.
    if (bound.isPending) bound.resolve(new NodeListener(poller, server, options, onAccepted))
    else server.close()
  })
  try {
    if (address.transport === 'unix') server.listen({ path: address.path, backlog })
    else server.listen({ host: address.host, port: address.port, backlog })
  } catch (error) {
    bound.reject(error)
  }
  return bound
}

/** Whether `path` is a socket at which nobody answers. */
function hasDied(path: string): Deferred<boolean> {
  const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  if (!isSocket) return Deferred.of(false)
  const answer = new Deferred<boolean>(() => probe.destroy())
  const probe = connect(path)
  probe.on('connect', () => {
    probe.destroy()
    answer.resolve(false)
  })
  probe.on('error', (error) => answer.resolve(codeOf(error) === 'ECONNREFUSED'))
  return answer
}

class NodeListener extends BufferedListener {
  private readonly server: Server

  constructor(poller: Poller, server: Server, options: ListenOptions, onAccepted: () => void) {
    const path = options.address.transport === 'unix' ? options.address.path : undefined
    // A unix server's own word for its address is the path; a TCP server's has the port that was chosen.
    const chosen = path === undefined ? tcpAddress(server.address() as AddressInfo) : undefined
    super(poller, chosen ?? options.address)
    this.server = server
    server.on('connection', (socket) => {
      onAccepted()
      this.arrived(new NodeStream(poller, socket, options, path))
    })
    server.on('error', (error) => this.failed(error))
  }

  /** The handle lets go of the address within the call; what node would wait for are the connections. */
  protected release(): Deferred<void> {
    this.server.close()
    return Deferred.of(undefined)
  }
}
