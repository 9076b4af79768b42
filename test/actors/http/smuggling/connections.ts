/** What stands behind the last request of a connection, and requests that some servers answer before they have ended. */
import { BAD, GET, HOST, harmless, POISON, POST, refused, type Vector } from './vector.ts'

const length = `Content-Length: ${POISON.length}\r\n`

/** Field lines of a request behind which nothing is read. */
const lastOnes = [
  'Connection: close',
  'connection: CLOSE',
  'Connection: close, keep-alive',
  'Connection: keep-alive, close',
  'Connection: keep-alive\r\nConnection: close',
  'Connection: close\r\nConnection: keep-alive',
  'Connection: x,\tclose ,y',
  'Connection: ,close,',
  'Keep-Alive: timeout=5\r\nConnection: close',
]

const expectations = [
  '100-continue, x',
  'x, 100-continue',
  'y 100-continue',
  '100-continue y',
  '100-continue;q=1',
  '100-continue=',
  '"100-continue"',
  '100-continues',
  '100',
  '200-ok',
  '100-continue\r\nExpect: 100-continue',
  '100-continue\r\nExpect: x',
  '\x80100-continue',
]

const upgrades = [
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Upgrade: h2c',
  'Connection: Upgrade\r\nUpgrade: TLS/1.0',
  'Connection: Upgrade',
]

export const connections: readonly Vector[] = [
  ...lastOnes.map((lines) => harmless(`behind ${JSON.stringify(lines)}`, `${GET}${lines}\r\n\r\n${POISON}`)),
  harmless(
    'behind a body and Connection: close',
    `${POST}Connection: close\r\nContent-Length: 1\r\n\r\nx${POISON}`,
  ),
  harmless('behind HTTP/1.0', `GET / HTTP/1.0\r\n${HOST}\r\n${POISON}`),
  harmless(
    'behind HTTP/1.0 that wants to close',
    `GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n${POISON}`,
  ),
  harmless('behind CONNECT', `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n${POISON}`),
  harmless(
    'behind CONNECT that would stay',
    `CONNECT a:80 HTTP/1.1\r\n${HOST}Connection: keep-alive\r\n\r\n${POISON}`,
  ),
  harmless(
    'behind CONNECT with an upgrade',
    `CONNECT a:80 HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: x\r\n\r\n${POISON}`,
  ),
  harmless(
    'behind CONNECT with a length of nothing',
    `CONNECT a:80 HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n${POISON}`,
  ),
  refused('behind a good request and a bad one', `${GET}\r\nGET / HTTP/3.0\r\n\r\n${POISON}`, BAD.version, 1),
  refused('behind a good request and garbage', `${GET}\r\nx\r\n${POISON}`, BAD.line, 1),
  refused(
    'behind a body that is one byte too long',
    `${POST}Content-Length: 1\r\n\r\nxx ${POISON}`,
    BAD.line,
    1,
  ),
  refused('behind a body and a bare LF', `${POST}Content-Length: 1\r\n\r\nx\n${POISON}`, BAD.method, 1),
  ...expectations.map((expectation) =>
    refused(
      `0.CL: Expect: ${JSON.stringify(expectation)}`,
      `${POST}Expect: ${expectation}\r\n${length}\r\n${POISON}`,
      BAD.expectation,
    ),
  ),
  harmless(
    'Expect: 100-continue, and the body at once',
    `${POST}Expect: 100-continue\r\n${length}\r\n${POISON}`,
  ),
  harmless('the same in a GET', `${GET}Expect: 100-continue\r\n${length}\r\n${POISON}`),
  harmless(
    'the same in chunks',
    `${POST}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n${POISON.length.toString(16)}\r\n${POISON}\r\n0\r\n\r\n`,
  ),
  harmless('an expectation in HTTP/1.0', `POST / HTTP/1.0\r\nExpect: x\r\n${length}\r\n${POISON}`),
  ...upgrades.map((lines) =>
    harmless(`upgrade: ${JSON.stringify(lines)}`, `${POST}${lines}\r\n${length}\r\n${POISON}`),
  ),
]
