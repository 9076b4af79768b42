/**
 * A stream carried by a socket of node:net.
 *
 * Rules: the socket's callbacks only report. One flush is one write of the socket. An error of the socket, before or
 * after its end, ends here and is told with `closed`; none is left unhandled.
 */
import type { AddressInfo, Socket } from 'node:net'
import { BufferedStream, type StreamBounds } from './buffered-stream.ts'
import { wrap } from './node-tls.ts'
import type { Address, Poller } from './poller.ts'
import type { Securing } from './tls.ts'

/** Bytes up to which mixed chunks are copied together: one small copy costs less than a vectored write. */
const JOIN_BYTES = 16_384

export class NodeStream extends BufferedStream {
  private socket: Socket
  /** The one below, where `socket` encrypts. */
  private plain: Socket | undefined = undefined
  private isReadingNow = false
  /** Where a unix socket listens; undefined for TCP. */
  private readonly path: string | undefined
  private localAddress: Address | undefined = undefined
  private remoteAddress: Address | undefined = undefined
  /** Made when the stream is blocked for the first time; most never are. */
  private onTaken: (() => void) | undefined = undefined

  /** @param socket - has not been read from, and reads only when told to (`pauseOnConnect`). */
  constructor(poller: Poller, socket: Socket, bounds: StreamBounds, path: string | undefined) {
    super(poller, bounds)
    this.socket = socket
    this.path = path
    this.listenTo(socket)
  }

  private listenTo(socket: Socket): void {
    // Once it is wrapped by another, it is that one which reports.
    socket.on('data', (chunk: Buffer) => {
      if (socket === this.socket) this.arrived(chunk)
    })
    socket.on('end', () => {
      if (socket === this.socket) this.arrivedEnd()
    })
    socket.on('error', (error) => {
      if (socket !== this.socket) return
      this.broke(error)
      // One that encrypts fails without closing by itself.
      socket.destroy()
    })
    socket.on('close', () => {
      if (socket === this.socket) this.gone()
    })
  }

  /** Asked for when first needed, since it costs a system call; unknown once the socket has closed. */
  get local(): Address | undefined {
    this.localAddress ??= this.path === undefined ? tcpAddress(this.socket.address()) : unixAddress(this.path)
    return this.localAddress
  }

  /** As `local`. The client's end of a unix socket has no name of its own: it counts as the server's path. */
  get remote(): Address | undefined {
    if (this.remoteAddress === undefined) {
      const { remoteAddress: host, remotePort: port } = this.socket
      if (this.path !== undefined) this.remoteAddress = unixAddress(this.path)
      else if (host !== undefined && port !== undefined) this.remoteAddress = { transport: 'tcp', host, port }
    }
    return this.remoteAddress
  }

  protected startReading(): void {
    this.isReadingNow = true
    this.socket.resume()
  }

  protected stopReading(): void {
    this.isReadingNow = false
    this.socket.pause()
  }

  /** What the plain socket had still to send goes out first: that is node's own care. */
  protected startSecuring(securing: Securing): void {
    const plain = this.socket
    plain.pause()
    const secure = wrap(plain, securing, (session) => this.secured(session))
    secure.pause()
    this.socket = secure
    this.plain = plain
    this.listenTo(secure)
    if (this.isReadingNow) secure.resume()
  }

  protected get unsentBytes(): number {
    return this.socket.writableLength
  }

  protected sendText(text: string): void {
    this.socket.write(text, 'latin1', this.takenCallback())
  }

  protected sendChunks(chunks: readonly (Uint8Array | string)[], bytes: number): void {
    const { socket } = this
    const only = chunks[0] as Uint8Array | string
    if (chunks.length === 1) {
      socket.write(only, this.takenCallback())
    } else if (bytes <= JOIN_BYTES) {
      socket.write(join(chunks, bytes), this.takenCallback())
    } else {
      const last = chunks.length - 1
      socket.cork()
      for (let i = 0; i <= last; i++) {
        const chunk = chunks[i] as Uint8Array | string
        socket.write(chunk as string, 'latin1', i === last ? this.takenCallback() : undefined)
      }
      socket.uncork()
    }
  }

  protected sendEnd(): void {
    this.socket.end()
  }

  protected abandon(reset: boolean): void {
    // Only TCP knows resets. The one above is closed with the one below.
    if (reset && this.path === undefined) (this.plain ?? this.socket).resetAndDestroy()
    else this.socket.destroy()
  }

  private takenCallback(): (() => void) | undefined {
    if (!this.isBlocked) return undefined
    this.onTaken ??= () => this.outputTaken()
    return this.onTaken
  }
}

function join(chunks: readonly (Uint8Array | string)[], bytes: number): Buffer {
  const joined = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const chunk of chunks) {
    if (typeof chunk === 'string') joined.write(chunk, at, 'latin1')
    else joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}

/** @returns undefined for a socket that is closed: it has an empty name. */
export function tcpAddress(name: AddressInfo | Record<string, never>): Address | undefined {
  const { address: host, port } = name
  return host === undefined || port === undefined ? undefined : { transport: 'tcp', host, port }
}

function unixAddress(path: string): Address {
  return { transport: 'unix', path }
}
