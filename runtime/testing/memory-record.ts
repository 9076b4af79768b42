/**
 * What passes between a memory network and its systems, as lines of a trace: who, what, how much, and a fingerprint of
 * the bytes, so that two runs which differ in one byte differ in a line.
 */
import { codeOf } from '../errors.ts'
import type { Address, StreamPort, Transfer } from '../loop/poller.ts'

/** `127.0.0.1:80`, `[::1]:80`, or the path of a unix socket. */
export function nameOf(address: Address): string {
  if (address.transport === 'unix') return address.path
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

export function describeTransfer(transfer: Transfer): string {
  switch (transfer.type) {
    case 'accepted':
      return `${nameOf(transfer.port.address)} accepted ${peerOf(transfer.stream)}`
    case 'acceptFailed':
      return `${nameOf(transfer.port.address)} acceptFailed ${codeOf(transfer.error)}`
    case 'received':
      return `${peerOf(transfer.port)} received ${describeBytes(transfer.bytes)}`
    case 'closed':
      return `${peerOf(transfer.port)} closed${transfer.error === undefined ? '' : ` ${codeOf(transfer.error)}`}`
    case 'mailed':
      return `mailed ${transfer.batches}`
    case 'fired':
      return `fired ${transfer.timers}`
    default:
      return `${peerOf(transfer.port)} ${transfer.type}`
  }
}

export function describeSent(stream: StreamPort, what: Buffer | 'end' | 'reset'): string {
  return `${peerOf(stream)} sent ${typeof what === 'string' ? what : describeBytes(what)}`
}

function peerOf({ remote }: StreamPort): string {
  return remote === undefined ? 'a peer' : nameOf(remote)
}

function describeBytes(bytes: Buffer): string {
  return `${bytes.length} bytes ${fingerprint(bytes)}`
}

/** FNV-1a, 32 bits, in hexadecimal. */
function fingerprint(bytes: Buffer): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
