/**
 * A network in memory, for tests and simulations: servers listen on pollers of it, tests connect as clients, and
 * nothing happens that the test has not caused. No socket, no real time, no chance but that of a seeded source.
 *
 * Rules:
 * - Everything is synchronous. What a client sends is ready for the server's next turn when `write` returns, and what
 *   a server flushes has come to the client when the turn is over; unless it is late (`latencyMs`), cut, or fenced.
 * - Time is the clock's. Late things arrive when the manual clock is moved: in a turn, where a reactor fires its timers.
 * - Several systems, each with a poller of its own, may share a network.
 *
 *     const clock = createManualClock()
 *     const network = createMemoryNetwork({ clock })
 *     // ... a system on network.createPoller() listens at tcp 127.0.0.1:80 ...
 *     const client = network.connect({ transport: 'tcp', host: '127.0.0.1', port: 80 }, { pieceBytes: 1 })
 *     client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
 *     await client.until(({ text }) => text.includes('Hello'))
 */
import type { Random } from '../context/random.ts'
import { Deferred } from '../deferred/deferred.ts'
import { enqueueJob } from '../deferred/jobs.ts'
import type {
  Address,
  ConnectOptions,
  ListenerPort,
  ListenOptions,
  Poller,
  StreamPort,
} from '../loop/poller.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Clock } from '../time/clock.ts'
import { ClientEnd, type MemoryClient } from './memory-client.ts'
import { systemError } from './memory-errors.ts'
import { MemoryListener } from './memory-listener.ts'
import { type CutOptions, createManners, type MannersOptions, type MemoryFaults } from './memory-manners.ts'
import { MemoryPoller, type MemoryWorld } from './memory-poller.ts'
import { nameOf } from './memory-record.ts'
import { MemoryStream } from './memory-stream.ts'
import { MemoryWire } from './memory-wire.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  /** Where faults are drawn from. Required if there are any. */
  readonly random?: Random
  /** Faults of every connection that is made without its own. Default: none. */
  readonly faults?: MemoryFaults
  /** Milliseconds that everything takes in each direction, on connections that are made without their own. Default 0. */
  readonly latencyMs?: number
  /** Is told, in a line each, of every transfer to a system and of everything that a system sends. */
  readonly record?: (line: string) => void
  /**
   * Who runs what pollers defer, hence the turns of a system that pumps itself (`reactor.run()`). `microtask`: they run
   * by themselves once the test awaits anything. `byHand`: they wait for `runDeferred`. A system that is stepped by hand
   * defers nothing. Default `microtask`.
   */
  readonly deferral?: 'microtask' | 'byHand'
}

export interface MemoryClientOptions extends CutOptions {
  /** Milliseconds that everything takes in each direction. Default: the network's. 0: it arrives within the call that sends it. */
  readonly latencyMs?: number
  /** Bytes that the server may send ahead of what the client has `read`; then its output blocks. Default: no bound. */
  readonly windowBytes?: number
  readonly faults?: MemoryFaults
}

export interface MemoryNetwork {
  /** A poller of this network, for one system. */
  createPoller(): Poller
  /**
   * Connects as a client. The server sees it in its next turn.
   *
   * @throws the operating system's `ECONNREFUSED` (or `ENOENT`, for a unix socket) if nobody listens there, or if more
   *   connections than the listener's `backlog` wait for it.
   * @throws UsageError (`NETWORK_BAD_OPTION`)
   */
  connect(address: Address, options?: MemoryClientOptions): MemoryClient
  /** Runs what was deferred up to now, in order. @returns how many ran. */
  runDeferred(): number
  /** Listeners that have not been closed. */
  readonly listeners: number
  /** Connections of which the server's end is not closed. */
  readonly connections: number
  /** Both by name: `listener 127.0.0.1:80`, `connection 127.0.0.1:49152 to 127.0.0.1:80`. */
  readonly openPorts: readonly string[]
  /** Directions of connections in which something is under way and waits for its time. */
  readonly late: number
}

export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new Network(options)
}

/** Where port 0 begins to count, and clients' ports too: the first of the dynamic ports (RFC 6335). */
const FIRST_PORT = 49_152
const PORT_MAX = 65_535
const NO_FAULTS: MemoryFaults = {}
/** Between two systems: bytes that one may be ahead of the other's reading. */
const WINDOW_BYTES = 65_536

class Network implements MemoryNetwork, MemoryWorld {
  private readonly clock: Clock
  private readonly random: Random | undefined
  private readonly faults: MemoryFaults
  private readonly latencyMs: number
  readonly record: ((line: string) => void) | undefined
  private readonly isByHand: boolean
  private readonly bound = new Map<string, MemoryListener>()
  private readonly streams = new Set<MemoryStream>()
  private readonly lateWires = new Set<MemoryWire>()
  private readonly deferred = new Fifo<() => void>()
  private nextPort = FIRST_PORT

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock
    this.random = options.random
    this.faults = options.faults ?? NO_FAULTS
    this.latencyMs = options.latencyMs ?? 0
    this.record = options.record
    this.isByHand = options.deferral === 'byHand'
  }

  get listeners(): number {
    return this.bound.size
  }

  get connections(): number {
    return this.streams.size
  }

  get openPorts(): readonly string[] {
    return [
      ...Array.from(this.bound.keys(), (address) => `listener ${address}`),
      ...Array.from(this.streams, ({ local, remote }) => `connection ${nameOf(remote)} to ${nameOf(local)}`),
    ]
  }

  get late(): number {
    return this.lateWires.size
  }

  createPoller(): Poller {
    return new MemoryPoller(this)
  }

  defer(run: () => void): void {
    if (this.isByHand) this.deferred.push(run)
    else enqueueJob({ run })
  }

  runDeferred(): number {
    const count = this.deferred.size
    for (let i = 0; i < count; i++) this.deferred.shift()?.()
    return count
  }

  listen(poller: MemoryPoller, options: ListenOptions): Deferred<ListenerPort> {
    const address = this.withPort(options.address)
    if (address.transport === 'tcp' && !(address.port > 0 && address.port <= PORT_MAX)) {
      return Deferred.fail(systemError('ERR_SOCKET_BAD_PORT', 'listen', keyOf(address)))
    }
    if (this.bound.has(keyOf(address))) {
      return Deferred.fail(systemError('EADDRINUSE', 'listen', keyOf(address)))
    }
    const listener = new MemoryListener(poller, address, options, () => this.bound.delete(keyOf(address)))
    this.bound.set(keyOf(address), listener)
    return Deferred.of(listener)
  }

  connect(address: Address, options: MemoryClientOptions = {}): MemoryClient {
    const listener = this.listenerAt(address)
    const { toServer, toClient } = this.createWires(options)
    toClient.windowBytes = options.windowBytes ?? Infinity
    const local = this.nameOfClient(address)
    const client = new ClientEnd(local, address, toClient, toServer)
    this.track((onGone) => listener.streamTo(local, toServer, toClient, onGone))
    toServer.open()
    return client
  }

  /** Both ends are systems': what one does not read stops the other. */
  connectFrom(poller: MemoryPoller, options: ConnectOptions): Deferred<StreamPort> {
    const { address } = options
    let listener: MemoryListener
    try {
      listener = this.listenerAt(address)
    } catch (error) {
      return Deferred.fail(error)
    }
    const { toServer, toClient } = this.createWires({})
    toServer.windowBytes = WINDOW_BYTES
    toClient.windowBytes = WINDOW_BYTES
    const local = this.nameOfClient(address)
    const connected = new Deferred<StreamPort>(() => stream.destroy(true))
    const stream = this.track(
      (onGone) =>
        new MemoryStream({
          poller,
          bounds: options,
          local,
          remote: address,
          inbound: toClient,
          outbound: toServer,
          onOpened: () => connected.resolve(stream),
          onGone,
        }),
    )
    this.track((onGone) => listener.streamTo(local, toServer, toClient, onGone))
    toServer.open()
    toClient.open()
    return connected
  }

  /** @throws the operating system's error where nobody listens, or too many wait. */
  private listenerAt(address: Address): MemoryListener {
    const listener = this.bound.get(keyOf(address))
    if (listener !== undefined && !listener.isFull) return listener
    const code = address.transport === 'unix' && listener === undefined ? 'ENOENT' : 'ECONNREFUSED'
    throw systemError(code, 'connect', keyOf(address))
  }

  /** Counts a stream for as long as it is open. */
  private track(create: (onGone: () => void) => MemoryStream): MemoryStream {
    const stream: MemoryStream = create(() => this.streams.delete(stream))
    this.streams.add(stream)
    return stream
  }

  private nameOfClient(address: Address): Address {
    return address.transport === 'unix' ? address : { ...address, port: this.takePort() }
  }

  private createWires({
    latencyMs = this.latencyMs,
    faults = this.faults,
    windowBytes: _,
    ...cuts
  }: MemoryClientOptions) {
    const shared = { latencyMs, faults, random: this.random }
    return {
      toServer: this.createWire({ ...cuts, ...shared }),
      toClient: this.createWire({ pieceBytes: Infinity, ...shared }),
    }
  }

  private createWire(manners: MannersOptions): MemoryWire {
    return new MemoryWire(this.clock, createManners(manners), this.lateWires)
  }

  private withPort(address: Address): Address {
    if (address.transport === 'unix' || address.port !== 0) return address
    let chosen = { ...address, port: this.takePort() }
    while (this.bound.has(keyOf(chosen))) chosen = { ...address, port: this.takePort() }
    return chosen
  }

  /** Counts up, and begins again at the end of the range: the same order of calls gives the same numbers. */
  private takePort(): number {
    const port = this.nextPort
    this.nextPort = port === PORT_MAX ? FIRST_PORT : port + 1
    return port
  }
}

/** Addresses are compared as they are written; `localhost` is what it always is. There are no wildcards. */
function keyOf(address: Address): string {
  const isAlias = address.transport === 'tcp' && address.host === 'localhost'
  return nameOf(isAlias ? { ...address, host: '127.0.0.1' } : address)
}
