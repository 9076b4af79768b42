/**
 * The ceiling of anything on Node's sockets: a constant reply for each request that has ended, whatever it says. All
 * that end in a chunk are answered with one write.
 */

import { createServer } from 'node:net'
import { RequestEnds } from '../request-ends.ts'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const reply = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n' +
    `Content-Length: ${HELLO.length}\r\nDate: ${new Date().toUTCString()}\r\n\r\n${HELLO}`,
)
/** Replies in a row, to be cut to as many as are due. */
const REPLIES = 64
const replies = Buffer.concat(Array.from({ length: REPLIES }, () => reply))

const server = createServer({ noDelay: true }, (socket) => {
  const ends = new RequestEnds()
  socket.on('data', (chunk) => {
    let due = ends.countIn(chunk)
    for (; due > REPLIES; due -= REPLIES) socket.write(replies)
    if (due > 0) socket.write(due === 1 ? reply : replies.subarray(0, due * reply.length))
  })
  socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
