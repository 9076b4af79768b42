/**
 * The way to the server: the one place of the driver that opens sockets.
 *
 * The client could open them itself. It then also opens a new one by itself wherever the last has broken, and would send the
 * rest of a transaction there, each statement for itself; and it has no way to cut one whose other end is silent.
 */
import { connect, type Socket } from 'node:net'

export type { Socket }

export type Address =
  | { readonly host: string; readonly port: number }
  /** Of a unix socket. */
  | { readonly path: string }

/** Which of the server's processes a connection talks to, and the word that allows to interrupt it. */
export interface Backend {
  readonly pid: number
  readonly secret: number
}

/** A socket that is being connected. Its errors are the caller's to listen to. */
export function openSocket(address: Address): Socket {
  const socket = connect(address)
  // Statements are small and wait for their answers: nothing is gained by waiting for more to send.
  socket.setNoDelay(true)
  // The client looks for the name here, to check the server's certificate against it.
  if ('host' in address) Object.assign(socket, { host: address.host, port: address.port })
  return socket
}

/**
 * Asks the server to stop what a backend is doing. It takes no more than that, in the clear even where connections are
 * encrypted (as libpq has done for most of its life), and answers nothing: it closes the socket when the signal is sent.
 *
 * @param onDone - called once, whether it has worked or not.
 */
export function requestCancel(address: Address, { pid, secret }: Backend, onDone: () => void): Socket {
  const socket = openSocket(address)
  const message = Buffer.alloc(CANCEL_BYTES)
  message.writeInt32BE(CANCEL_BYTES, 0)
  message.writeInt32BE(CANCEL_CODE, 4)
  message.writeInt32BE(pid | 0, 8)
  message.writeInt32BE(secret | 0, 12)
  socket.on('error', () => {
    // Nobody can be told: the statement then goes on until the connection is cut.
  })
  socket.once('close', onDone)
  socket.resume()
  socket.end(message)
  return socket
}

const CANCEL_BYTES = 16
const CANCEL_CODE = 80_877_102
