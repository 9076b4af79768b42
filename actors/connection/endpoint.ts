/**
 * Endpoints: where to listen, as one string. `tcp:127.0.0.1:8080`, `tcp:[::1]:8080`, `tcp:0.0.0.0:0` (any free port),
 * `unix:/run/app.sock`.
 */
import { UsageError } from '../../runtime/errors.ts'
import type { Address } from '../../runtime/loop/poller.ts'

const TCP = /^tcp:(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/
const PORT_MAX = 65_535
/** Bytes of a socket's path that every system takes; a longer one would be cut off without a word. */
const PATH_BYTES_MAX = 103

/** @throws UsageError (`ENDPOINT_INVALID`) saying what an endpoint looks like. */
export function parseEndpoint(endpoint: string): Address {
  if (typeof endpoint === 'string' && endpoint.startsWith('unix:') && endpoint.length > 5) {
    return { transport: 'unix', path: checkedPath(endpoint.slice(5)) }
  }
  const match = TCP.exec(endpoint)
  const port = Number(match?.[3])
  if (match === null || port > PORT_MAX) {
    throw new UsageError(
      'ENDPOINT_INVALID',
      `"${endpoint}" is no endpoint: it is tcp:HOST:PORT, with a port from 0 to ${PORT_MAX}, or unix:PATH`,
    )
  }
  return { transport: 'tcp', host: match[1] ?? (match[2] as string), port }
}

function checkedPath(path: string): string {
  const bytes = Buffer.byteLength(path)
  if (bytes <= PATH_BYTES_MAX) return path
  throw new UsageError(
    'ENDPOINT_INVALID',
    `the path of a unix socket has at most ${PATH_BYTES_MAX} bytes; "${path}" has ${bytes}`,
  )
}

export function formatEndpoint(address: Address): string {
  if (address.transport === 'unix') return `unix:${address.path}`
  return `tcp:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}
