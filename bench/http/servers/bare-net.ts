/**
 * The ceiling of anything on Node's sockets: one constant reply for each chunk that arrives, whatever it says.
 *
 * It is right only for a client that sends a small request and waits for the answer, as the load generators do.
 */

import { createServer } from 'node:net'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const reply = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n' +
    `Content-Length: ${HELLO.length}\r\nDate: ${new Date().toUTCString()}\r\n\r\n${HELLO}`,
)

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(reply))
  socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
