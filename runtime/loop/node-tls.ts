/**
 * TLS by node:tls: certificates made ready once for all handshakes, and sockets wrapped in place.
 *
 * Rules: what cannot be used is refused when it is given, by name, and not at the first client. The default certificate and
 * those by name are replaced together or not at all.
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls'
import { codeOf, describe, UsageError } from '../errors.ts'
import type {
  Certificate,
  ClientTls,
  ClientTlsOptions,
  Pem,
  Securing,
  ServerTls,
  ServerTlsOptions,
  TlsSession,
} from './tls.ts'

/** @throws UsageError (`TLS_OPTION_INVALID`) naming what cannot be used, and why. */
export function serverTls(options: ServerTlsOptions): ServerTls {
  return new NodeServerTls(options)
}

/** @throws UsageError (`TLS_OPTION_INVALID`) naming what cannot be used, and why. */
export function clientTls(options: ClientTlsOptions = {}): ClientTls {
  return new NodeClientTls(options)
}

const SERVER_OPTIONS: readonly string[] = [
  'cert',
  'key',
  'passphrase',
  'names',
  'clients',
  'minVersion',
  'ciphers',
]
const CLIENT_OPTIONS: readonly string[] = ['ca', 'identity', 'serverName', 'trustsAnyone', 'minVersion']
const NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** What handshakes of one server go by, from one `reload` to the next. */
interface Shown {
  readonly byDefault: SecureContext
  readonly byName: ReadonlyMap<string, SecureContext>
  readonly clients: 'unasked' | 'asked' | 'required'
}

class NodeServerTls implements ServerTls {
  readonly side = 'server'
  private shown: Shown

  constructor(options: ServerTlsOptions) {
    this.shown = shownBy(options)
  }

  reload(options: ServerTlsOptions): void {
    this.shown = shownBy(options)
  }

  wrap(socket: Socket, alpn: readonly string[], onSecured: (session: TlsSession) => void): TLSSocket {
    const { byDefault, byName, clients } = this.shown
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: byDefault,
      ...(byName.size > 0 && {
        SNICallback: (name, done) => done(null, byName.get(keyOf(byName, name.toLowerCase())) ?? byDefault),
      }),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      requestCert: clients !== 'unasked',
      rejectUnauthorized: clients === 'required',
      ...PAUSED,
    })
    // Each renegotiation of TLS 1.2 says so again.
    secure.once('secure', () => {
      const session = sessionOf(secure, clients === 'unasked' ? undefined : troubleWithClient(secure))
      if (clients === 'required' && session.trouble !== undefined) secure.destroy(refusal(session.trouble))
      else onSecured(session)
    })
    // What only a server of node:tls listens to: a broken record, or a client that renegotiates for ever (CVE-2011-1473).
    secure.on('_tlsError', (error: Error) => secure.destroy(error))
    return secure
  }
}

class NodeClientTls implements ClientTls {
  readonly side = 'client'
  private readonly context: SecureContext
  private readonly options: ClientTlsOptions

  constructor(options: ClientTlsOptions) {
    checkNames(options, CLIENT_OPTIONS)
    this.options = options
    const { ca, identity, minVersion = 'TLSv1.2' } = options
    const context = { minVersion, ...(ca !== undefined && { ca: pems(ca) }) }
    this.context = contextOf('the authorities or the identity', context, identity)
  }

  wrap(socket: Socket, alpn: readonly string[], host: string | undefined): TLSSocket {
    const { serverName = host, trustsAnyone = false } = this.options
    const isName = serverName !== undefined && !/^[\d.]+$|:/.test(serverName)
    return connect({
      socket,
      secureContext: this.context,
      ...(serverName !== undefined && { host: serverName }),
      // A name that is an address is not sent (RFC 6066), and still checked.
      ...(isName && { servername: serverName }),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      rejectUnauthorized: !trustsAnyone,
      ...PAUSED,
    })
  }
}

/** Of what only `new TLSSocket` documents: it reads nothing for us before it is told to. */
const PAUSED = { allowHalfOpen: true, pauseOnConnect: true }

/**
 * Wraps a connected socket. Its handshake begins by itself.
 *
 * @param onSecured - called once when it has succeeded. Where it does not, the socket fails and closes.
 */
export function wrap(
  socket: Socket,
  { tls, alpn, host }: Securing,
  onSecured: (session: TlsSession) => void,
): TLSSocket {
  if (tls instanceof NodeServerTls) return tls.wrap(socket, alpn, onSecured)
  if (tls instanceof NodeClientTls) {
    const secure = tls.wrap(socket, alpn, host)
    secure.on('secureConnect', () => {
      const { authorizationError } = secure
      onSecured(sessionOf(secure, authorizationError == null ? undefined : String(authorizationError)))
    })
    return secure
  }
  throw new UsageError('TLS_OPTION_INVALID', 'TLS is set up by serverTls(...) or clientTls(...)')
}

function sessionOf(secure: TLSSocket, trouble: string | undefined): TlsSession {
  // A client that was not asked has shown none, and Node gives an empty object.
  const { raw } = secure.getPeerCertificate() as { raw?: Buffer }
  // Node's types leave out what a server knows of its client.
  const { servername } = secure as { servername?: string | false | null }
  return {
    version: secure.getProtocol() ?? 'unknown',
    cipher: secure.getCipher().name,
    alpn: secure.alpnProtocol === false || secure.alpnProtocol === null ? undefined : secure.alpnProtocol,
    serverName: typeof servername === 'string' ? servername : undefined,
    isResumed: secure.isSessionReused(),
    peerCertificate: raw,
    trouble,
  }
}

/** As OpenSSL calls it where there is no certificate to look at. */
const NO_CERTIFICATE = 'UNABLE_TO_GET_ISSUER_CERT'

/**
 * What only servers of node:tls look up for themselves: whether the client's certificate leads to an authority. Of a session that
 * is gone on with, and had none, nothing is said to be wrong: so that is looked at as well.
 */
function troubleWithClient(secure: TLSSocket): string | undefined {
  const { _handle: handle } = secure as unknown as { _handle: { verifyError(): Error | null } }
  const error = handle.verifyError()
  if (error !== null && error !== undefined) return codeOf(error)
  return (secure.getPeerCertificate() as { raw?: Buffer }).raw === undefined ? NO_CERTIFICATE : undefined
}

function refusal(trouble: string | undefined): Error {
  return Object.assign(new Error(`the client's certificate is refused: ${trouble}`), { code: trouble })
}

/** The name itself, or the wildcard that stands for it: `*.` and all but its first label (RFC 6125). */
function keyOf(names: ReadonlyMap<string, unknown>, name: string): string {
  return names.has(name) ? name : `*${name.slice(name.indexOf('.'))}`
}

function shownBy(options: ServerTlsOptions): Shown {
  checkNames(options, SERVER_OPTIONS)
  const { names = {}, clients, minVersion = 'TLSv1.2', ciphers, cert, key } = options
  if (cert === undefined || key === undefined) throw invalid('a server has a certificate (cert) and its key')
  const shared: SecureContextOptions = {
    minVersion,
    ...(ciphers !== undefined && { ciphers }),
    ...(clients !== undefined && { ca: pems(clients.ca) }),
    // Without one OpenSSL takes up no session again where clients are asked for certificates. Sessions of others are not ours.
    sessionIdContext: identityOf(options),
  }
  const byName = new Map<string, SecureContext>()
  for (const [name, certificate] of Object.entries(names)) {
    const lower = name.toLowerCase()
    if (!NAME.test(lower)) throw invalid(`"${name}" is not the name of a server`)
    byName.set(lower, contextOf(`the certificate or key of ${name}`, shared, certificate))
  }
  const isRequired = clients?.isRequired ?? true
  return {
    byDefault: contextOf('the certificate or its key', shared, options),
    byName,
    clients: clients === undefined ? 'unasked' : isRequired ? 'required' : 'asked',
  }
}

/** The same for the same certificate and authorities: 32 characters. */
function identityOf({ cert, clients }: ServerTlsOptions): string {
  const hash = createHash('sha256').update(pem(cert))
  for (const authority of clients === undefined ? [] : pems(clients.ca)) hash.update(authority)
  return hash.digest('hex').slice(0, 32)
}

function contextOf(
  what: string,
  shared: SecureContextOptions,
  certificate: Certificate | undefined,
): SecureContext {
  try {
    if (certificate === undefined) return createSecureContext(shared)
    const { cert, key, passphrase } = certificate
    // Node takes an empty one for none.
    if (!(cert?.length > 0 && key?.length > 0)) throw new Error('one of the two is empty')
    return createSecureContext({
      ...shared,
      cert: pem(cert),
      key: pem(key),
      ...(passphrase !== undefined && { passphrase }),
    })
  } catch (error) {
    throw invalid(`${what} cannot be used: ${describe(error)}`, error)
  }
}

function pems(given: Pem | readonly Pem[]): (string | Buffer)[] {
  return (Array.isArray(given) ? given : [given]).map((one) => pem(one as Pem))
}

function pem(given: Pem): string | Buffer {
  return typeof given === 'string' ? given : Buffer.from(given)
}

function checkNames(options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw invalid(`no option of TLS is named "${name}"; there are ${names.join(', ')}`)
    }
  }
}

function invalid(message: string, cause?: unknown): UsageError {
  return new UsageError('TLS_OPTION_INVALID', message, cause === undefined ? undefined : { cause })
}
