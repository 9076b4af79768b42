/**
 * Endpoints: where to listen, or what to connect to, as one string. `tcp:127.0.0.1:8080`, `tcp:[::1]:8080`,
 * `tcp:0.0.0.0:0` (any free port), `unix:/run/app.sock`, and with TLS `tls:example.org:443`.
 */
import { UsageError } from '../../runtime/errors.ts'
import type { Address } from '../../runtime/loop/poller.ts'

export interface Endpoint {
  readonly address: Address
  readonly isTls: boolean
}

const TCP = /^(tcp|tls):(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/
const PORT_MAX = 65_535
/** Bytes of a socket's path that every system takes; a longer one would be cut off without a word. */
const PATH_BYTES_MAX = 103

/** @throws UsageError (`ENDPOINT_INVALID`) saying what an endpoint looks like. */
export function parseEndpoint(endpoint: string): Endpoint {
  if (typeof endpoint === 'string' && endpoint.startsWith('unix:') && endpoint.length > 5) {
    return { address: { transport: 'unix', path: checkedPath(endpoint.slice(5)) }, isTls: false }
  }
  const [, scheme, ip, name, digits] = TCP.exec(endpoint) ?? []
  const port = Number(digits)
  if (scheme === undefined || port > PORT_MAX) {
    throw new UsageError(
      'ENDPOINT_INVALID',
      `"${endpoint}" is no endpoint: it is tcp:HOST:PORT or tls:HOST:PORT, with a port from 0 to ${PORT_MAX}, or unix:PATH`,
    )
  }
  return { address: { transport: 'tcp', host: ip ?? (name as string), port }, isTls: scheme === 'tls' }
}

function checkedPath(path: string): string {
  const bytes = Buffer.byteLength(path)
  if (bytes <= PATH_BYTES_MAX) return path
  throw new UsageError(
    'ENDPOINT_INVALID',
    `the path of a unix socket has at most ${PATH_BYTES_MAX} bytes; "${path}" has ${bytes}`,
  )
}

export function formatEndpoint({ address, isTls }: Endpoint): string {
  if (address.transport === 'unix') return `unix:${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${isTls ? 'tls' : 'tcp'}:${host}:${address.port}`
}
