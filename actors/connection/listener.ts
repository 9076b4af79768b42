/**
 * The listener: binds an endpoint, accepts connections eagerly, and is the parent of their actors.
 *
 * What goes wrong while accepting is the matter of that one attempt (`acceptFailed`): the listener goes on, also when
 * the process is out of file descriptors. Its states are those of `states.ts`.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import { CancelledError, codeOf, describe, UsageError } from '../../runtime/errors.ts'
import type { Address, ListenerPort, Transfer } from '../../runtime/loop/poller.ts'
import type { ServerTls } from '../../runtime/loop/tls.ts'
import { type BehaviourScope, behaviour, type Handler } from '../../runtime/system/behaviour.ts'
import type { Logic } from '../../runtime/system/logic.ts'
import type { MailboxOptions } from '../../runtime/system/options.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { type ActorSystem, System } from '../../runtime/system/system.ts'
import { connectionActor, mailboxFor } from './connection-actor.ts'
import { Crowd } from './crowd.ts'
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.ts'
import { type ConnectionLimits, createConnectionLimits } from './limits.ts'
import type { Protocol } from './protocol.ts'
import { type ListenerEvent, type ListenerState, listenerStates } from './states.ts'
import { enter, statesOf } from './transitions.ts'

export interface ListenConfig<K extends AnyKey> {
  /** `tcp:HOST:PORT`, `tls:HOST:PORT` or `unix:PATH`; port 0 takes a free one. */
  readonly endpoint: string
  /** For `tls:`: what clients are shown. Made by `serverTls`. */
  readonly tls?: ServerTls
  /** What the connections speak. */
  readonly protocol: Protocol<K>
  readonly limits?: Partial<ConnectionLimits>
  /** Connections that the operating system completes ahead of us. Default 511, as Node's. */
  readonly backlog?: number
  /** The listener's name in the tree. Default: its endpoint as given, with `_` for each slash; a number where port 0 was asked for. */
  readonly name?: string
}

/** Where it could not listen, and why. `code` is the operating system's: `EADDRINUSE`, `EACCES`, `ENOTFOUND`. */
export class ListenError extends UsageError {
  constructor(endpoint: string, cause: unknown) {
    const code = codeOf(cause)
    super(code, `cannot listen on ${endpoint}: ${REASONS[code] ?? describe(cause)} (${code})`, { cause })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission denied, or no such folder',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the host is not known',
}

/** A listener that listens. */
export class Listening {
  readonly ref: Ref<AnyListenerEvent>
  /** Where it really listens. */
  readonly address: Address
  readonly isTls: boolean
  private readonly crowd: Crowd

  constructor(ref: Ref<AnyListenerEvent>, { address, isTls }: Endpoint, crowd: Crowd) {
    this.ref = ref
    this.address = address
    this.isTls = isTls
    this.crowd = crowd
  }

  /** The address as an endpoint: with the port that was chosen for port 0. */
  get endpoint(): string {
    return formatEndpoint({ address: this.address, isTls: this.isTls })
  }

  /** The TCP port; undefined for a unix socket. */
  get port(): number | undefined {
    return this.address.transport === 'tcp' ? this.address.port : undefined
  }

  /** Connections open now. */
  get connections(): number {
    return this.crowd.open
  }

  /** Connections accepted, and reset at once for being more than `connectionsMax`, since the start. */
  get accepted(): number {
    return this.crowd.accepted
  }

  get refused(): number {
    return this.crowd.refused
  }

  /** Connections closed while they idled, to make room for others, since the start. */
  get shed(): number {
    return this.crowd.shed
  }

  /** Accepts no more, lets what is in flight finish, and is fulfilled when the last connection has ended. */
  close(ctx: Context): Deferred<void> {
    const closed = this.ref.watch(ctx).then(() => undefined)
    this.ref.send(ctx, { type: 'drain' })
    return closed
  }
}

/**
 * Listens on an endpoint and serves a protocol there.
 *
 * @throws UsageError (`ENDPOINT_INVALID`, `CONNECTION_LIMIT_INVALID`) at once.
 * @param ctx - the context of the listener and its connections: they end with it.
 * @returns a deferred that fails with `ListenError` where the operating system refuses.
 */
export function listen<K extends AnyKey>(
  ctx: Context<K | typeof System>,
  config: ListenConfig<K>,
): Deferred<Listening> {
  const endpoint = parseEndpoint(config.endpoint)
  checkTls(config, endpoint)
  const limits = createConnectionLimits(config.limits)
  const listening = ctx.deferred<Listening>((reason) => {
    listening.reject(new CancelledError(reason))
    ref.stop('no longer wanted')
  })
  const input: ListenerInput = {
    config: config as ListenConfig<AnyKey>,
    endpoint,
    limits,
    listening,
  }
  const { address } = endpoint
  const isAnyPort = address.transport === 'tcp' && address.port === 0
  const name = config.name ?? (isAnyPort ? undefined : config.endpoint.replaceAll('/', '_'))
  const ref: Ref<AnyListenerEvent> = (ctx as Context<typeof System>)
    .get(System)
    .spawn(ctx, listenerActor, name === undefined ? { input } : { name, input })
  return ctx.bind(listening)
}

/** @throws UsageError (`ENDPOINT_TLS`) */
function checkTls({ tls, endpoint }: ListenConfig<never>, { isTls }: Endpoint): void {
  if (isTls === (tls !== undefined)) return
  const why = isTls ? 'has no certificate to show: give it `tls`' : 'is not encrypted, and `tls` was given'
  throw new UsageError('ENDPOINT_TLS', `${endpoint} ${why}`)
}

interface ListenerInput {
  readonly config: ListenConfig<AnyKey>
  readonly endpoint: Endpoint
  readonly limits: ConnectionLimits
  readonly listening: Deferred<Listening>
}

interface ListenerData extends ListenerInput {
  readonly system: ActorSystem
  /** Of each connection's actor. */
  readonly mailbox: MailboxOptions
  readonly crowd: Crowd
  /** Set as soon as there is one, so that it is closed whenever the actor ends. */
  port: ListenerPort | undefined
}

type AnyListenerEvent = { readonly type: ListenerEvent }
type Scope = BehaviourScope<ListenerData, typeof System>
type Bound = { readonly type: 'bound'; readonly port: ListenerPort }
type BindFailed = { readonly type: 'bindFailed'; readonly error: unknown }
type Accepted = Extract<Transfer, { type: 'accepted' }>
type AcceptFailed = Extract<Transfer, { type: 'acceptFailed' }>

/** `emptied` is noticed where it happens. */
const handlers: Readonly<Partial<Record<ListenerEvent, Handler<ListenerData, typeof System>>>> = {
  bound: (scope: Scope, { port }: Bound) => {
    const { data, self, ctx } = scope
    enter(listenerStates, scope, 'bound')
    port.owner = {
      transferred(transfer) {
        if (self.send(ctx, transfer) === 'accepted' || transfer.type !== 'accepted') return
        data.crowd.refused += 1
        transfer.stream.destroy(true)
      },
    }
    const endpoint = { address: port.address, isTls: data.endpoint.isTls }
    data.listening.resolve(new Listening(self, endpoint, data.crowd))
  },
  bindFailed: (scope: Scope, { error }: BindFailed) => {
    scope.data.listening.reject(new ListenError(scope.data.config.endpoint, error))
    enter(listenerStates, scope, 'bindFailed')
    scope.stop('it could not listen')
  },
  accepted: (scope: Scope, { stream }: Accepted) => {
    const { data, ctx, spawn, state } = scope
    const { crowd, limits, config } = data
    if (crowd.open >= limits.connectionsMax && !crowd.makeRoom()) {
      crowd.refused += 1
      stream.destroy(true)
      return
    }
    const { inputHighWaterBytes } = data.system.limits
    const { protocol, tls } = config
    const input = {
      crowd,
      port: stream,
      protocol,
      limits,
      inputHighWaterBytes,
      ...(tls !== undefined && { securing: { tls, alpn: protocol.alpn ?? [] } }),
    }
    const connection = spawn(ctx, connectionActor, { input, mailbox: data.mailbox })
    // Whoever heard of it first may have ended it, before it could own its stream.
    if (!connection.isAlive) stream.destroy(true)
    // It was accepted before the port was closed: it is served once.
    if (state === 'draining') connection.send(ctx, DRAIN)
  },
  acceptFailed: ({ ctx, self }: Scope, { error }: AcceptFailed) => {
    ctx.log.warn(
      { actor: self.path, code: codeOf(error) },
      `a connection could not be accepted: ${describe(error)}`,
    )
  },
  left: (scope: Scope) => {
    scope.data.crowd.heard()
    endIfEmptied(scope)
  },
  drain: (scope: Scope) => {
    const { data, ctx, state } = scope
    enter(listenerStates, scope, 'drain')
    if (state === 'binding') {
      scope.stop('drained')
      return
    }
    data.port?.close()
    for (const connection of data.crowd.refs) connection.send(ctx, DRAIN)
    endIfEmptied(scope)
  },
}

export const listenerActor = behaviour({
  name: 'listener',
  needs: [System],
  initial: 'binding' satisfies ListenerState,
  data: (input: ListenerInput, ctx: Context<typeof System>): ListenerData => ({
    ...input,
    system: ctx.get(System),
    mailbox: mailboxFor(ctx.get(System).limits),
    crowd: new Crowd(),
    port: undefined,
  }),
  start({ data, self, ctx }: Scope) {
    const { poller, limits } = data.system
    ctx.onCancel(() => self.stop('its context has ended'))
    data.crowd.onLeft = () => self.isAlive && self.send(ctx, LEFT) === 'accepted'
    poller
      .listen({
        address: data.endpoint.address,
        ...(data.config.backlog === undefined ? {} : { backlog: data.config.backlog }),
        outputHighWaterBytes: limits.outputHighWaterBytes,
        inputHighWaterBytes: limits.inputHighWaterBytes,
      })
      .listen(
        (port) => {
          data.port = port
          if (self.send(ctx, { type: 'bound', port }) !== 'accepted') port.close()
        },
        (error) => void self.send(ctx, { type: 'bindFailed', error }),
      )
  },
  stop({ data }: Scope) {
    data.port?.close()
    const { endpoint } = data.config
    data.listening.reject(new UsageError('LISTENER_STOPPED', `${endpoint} was stopped before it listened`))
  },
  states: statesOf(listenerStates, handlers),
}) as unknown as Logic<AnyListenerEvent, typeof System, ListenerInput>

const DRAIN = { type: 'drain' } as const
const LEFT = { type: 'left' } as const

function endIfEmptied(scope: Scope): void {
  if (scope.state !== 'draining' || scope.data.crowd.open > 0) return
  enter(listenerStates, scope, 'emptied')
  scope.stop('drained')
}
