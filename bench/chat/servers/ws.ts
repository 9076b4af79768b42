/** ws on node:http, with the broadcast of its own documentation: to each client that is open, whatever waits in its socket. */

import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { portOf, serveUntilStdinEnds } from '../../http/serve.ts'
import { WELCOME } from '../message.ts'

const server = createServer()
const room = new WebSocketServer({ server, perMessageDeflate: false })

room.on('connection', (member) => {
  member.on('error', () => {})
  member.on('message', (data) => {
    for (const client of room.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false })
    }
  })
  member.send(WELCOME)
})

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
