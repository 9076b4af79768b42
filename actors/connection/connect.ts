/**
 * Connects to somebody else's listener: the same connection actor, with a protocol that speaks the client's part.
 *
 *     const connected = await connect(ctx, { endpoint: 'tls:example.org:443', protocol: client })
 *
 * What goes wrong until the conversation begins is the deferred's failure, and what goes wrong later is the connection's:
 * `watch` its `ref`. Nobody connects again by himself: that is for a supervisor, or whoever asked.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import {
  CancelledError,
  codeOf,
  describe,
  GreenroomError,
  PeerError,
  UsageError,
} from '../../runtime/errors.ts'
import { clientTls } from '../../runtime/loop/node-tls.ts'
import type { Address, StreamPort } from '../../runtime/loop/poller.ts'
import type { ClientTls, Securing, TlsSession } from '../../runtime/loop/tls.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { System } from '../../runtime/system/system.ts'
import type { Connection, DeliveryEvent } from './connection.ts'
import { type ConnectionInput, connectionActor, mailboxFor } from './connection-actor.ts'
import { Crowd } from './crowd.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { type ConnectionLimits, createConnectionLimits } from './limits.ts'
import type { Protocol } from './protocol.ts'

export interface ConnectConfig<K extends AnyKey> {
  /** `tcp:HOST:PORT`, `tls:HOST:PORT` or `unix:PATH`. */
  readonly endpoint: string
  /** What is spoken, from the client's side. */
  readonly protocol: Protocol<K>
  /** For `tls:`: whom to trust. Default: the authorities that come with Node. */
  readonly tls?: ClientTls
  readonly limits?: Partial<ConnectionLimits>
  /** The connection's name in the tree. Default: a number. */
  readonly name?: string
}

/**
 * There is no connection, and why. `code` is the operating system's (`ECONNREFUSED`, `ENOTFOUND`, `EHOSTUNREACH`),
 * OpenSSL's where the certificate is the matter (`CERT_HAS_EXPIRED`, `DEPTH_ZERO_SELF_SIGNED_CERT`), or one of
 * `CONNECT_TIMEOUT`, `TLS_HANDSHAKE_TIMEOUT`, `CONNECTION_LOST`.
 */
export class ConnectError extends PeerError {
  constructor(endpoint: string, cause: unknown) {
    const code = codeOf(cause)
    const reason =
      REASONS[code] ??
      describe(cause)
        .trim()
        .replaceAll(/\s*\n\s*/g, ' ')
    super(code, `cannot connect to ${endpoint}: ${reason} (${code})`, { cause })
  }
}

const UNTRUSTED = 'nobody who is trusted vouches for its certificate'
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the host is not known',
  ETIMEDOUT: 'there is no answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
}

/** A connection that has been made. */
export class Connected {
  /** Its actor: to be watched, and to have messages delivered where the protocol knows any. */
  readonly ref: Ref<DeliveryEvent>
  readonly local: Address | undefined
  readonly remote: Address | undefined
  /** What TLS has agreed on; undefined where there is none. */
  readonly tls: TlsSession | undefined

  constructor({ ref, local, remote, tls }: Connection) {
    this.ref = ref
    this.local = local
    this.remote = remote
    this.tls = tls
  }

  /** Begins nothing new, lets what is in flight finish, as the protocol knows to, and is fulfilled at the connection's end. */
  close(ctx: Context): Deferred<void> {
    const closed = this.ref.watch(ctx).then(() => undefined)
    this.ref.send(ctx, { type: 'drain' })
    return closed
  }
}

/**
 * Connects, and holds a conversation there.
 *
 * @throws UsageError (`ENDPOINT_INVALID`, `ENDPOINT_TLS`, `CONNECTION_LIMIT_INVALID`) at once.
 * @param ctx - the connection's context: it ends with it.
 * @returns a deferred of the connection, once its conversation has begun: over TLS, once that is agreed on. It fails with
 *   `ConnectError`, and with `NameTakenError` where the name is. Cancelled, the attempt is given up.
 */
export function connect<K extends AnyKey>(
  ctx: Context<K | typeof System>,
  config: ConnectConfig<K>,
): Deferred<Connected> {
  const endpoint = parseEndpoint(config.endpoint)
  const securing = securingFor(config, endpoint)
  const limits = createConnectionLimits(config.limits)
  const system = (ctx as Context<typeof System>).get(System)
  const { outputHighWaterBytes, inputHighWaterBytes } = system.limits
  let ref: Ref<never> | undefined
  const connected = ctx.deferred<Connected>((reason) => {
    connected.reject(new CancelledError(reason))
    dialled.cancel(reason)
    ref?.stop('no longer wanted')
  })
  const fail = (error: unknown) => void connected.reject(new ConnectError(config.endpoint, error))
  const timer = ctx.clock.schedule(ctx.clock.nowMs() + limits.connectTimeoutMs, () => {
    fail(new GreenroomError('CONNECT_TIMEOUT', `no answer within ${limits.connectTimeoutMs} ms`))
    dialled.cancel('it took too long')
  })
  const dialled = system.poller.connect({
    address: endpoint.address,
    outputHighWaterBytes,
    inputHighWaterBytes,
  })
  dialled.listen(
    (port) => {
      timer.cancel()
      if (!connected.isPending) port.destroy(true)
      else begin(port)
    },
    (error) => {
      timer.cancel()
      fail(error)
    },
  )
  return ctx.bind(connected)

  function begin(port: StreamPort): void {
    const input: ConnectionInput = {
      crowd: new Crowd(),
      port,
      protocol: config.protocol as Protocol<AnyKey>,
      limits,
      inputHighWaterBytes,
      ...(securing !== undefined && { securing }),
      opening: {
        opened: (connection) => void connected.resolve(new Connected(connection)),
        failed: (error) => {
          if (connected.isPending) fail(error ?? LOST)
        },
      },
    }
    const { name } = config
    const options = { input, mailbox: mailboxFor(system.limits), ...(name !== undefined && { name }) }
    try {
      ref = system.spawn(ctx as Context, connectionActor, options)
    } catch (error) {
      // A name that is taken, or is none.
      port.destroy(true)
      connected.reject(error)
      return
    }
    if (!ref.isAlive) port.destroy(true)
    const unlisten = ctx.onCancel(() => ref?.stop('its context has ended'))
    ref.watch().listen(unlisten, () => {})
  }
}

const LOST = new GreenroomError('CONNECTION_LOST', 'the other side has ended it')

function securingFor<K extends AnyKey>(
  { tls, endpoint, protocol }: ConnectConfig<K>,
  { address, isTls }: Endpoint,
): Securing | undefined {
  if (address.transport === 'tcp' && address.port === 0) {
    throw new UsageError('ENDPOINT_INVALID', `${endpoint} has no port to connect to`)
  }
  if (!isTls) {
    if (tls === undefined) return undefined
    throw new UsageError('ENDPOINT_TLS', `${endpoint} is not encrypted, and \`tls\` was given`)
  }
  const host = address.transport === 'tcp' ? address.host : undefined
  return { tls: tls ?? clientTls(), alpn: protocol.alpn ?? [], ...(host !== undefined && { host }) }
}
