/** Socket.IO over WebSocket alone, with its defaults: an event for a message, which goes to all of the namespace. */

import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { portOf, serveUntilStdinEnds } from '../../http/serve.ts'
import { WELCOME } from '../message.ts'

const server = createServer()
const room = new Server(server, { transports: ['websocket'], serveClient: false })

room.on('connection', (member) => {
  member.on('message', (message) => room.emit('message', message))
  member.emit(WELCOME)
})

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
