/** node:http as its documentation writes it; `Date` and keep-alive are its defaults. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { HELLO, portOf, serveUntilStdinEnds } from '../serve.ts'

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/hello') {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': HELLO.length })
    response.end(HELLO)
  } else if (request.method === 'POST' && request.url === '/json') {
    answerJson(request, response)
  } else {
    response.writeHead(404, { 'content-length': 0 })
    response.end()
  }
})

function answerJson(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
}

server.listen(0, '127.0.0.1', () => serveUntilStdinEnds(portOf(server)))
