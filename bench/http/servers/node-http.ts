/** node:http as its documentation writes it; `Date` and keep-alive are its defaults. */

import { createServer } from 'node:http'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/hello') {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': HELLO.length })
    response.end(HELLO)
  } else {
    response.writeHead(404, { 'content-length': 0 })
    response.end()
  }
})

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
