/** Content-Length: in other notations, more than once, in disguise; and bodies that some servers do not expect. */
import { BAD, HOST, harmless, POISON, POST, refused, shown, type Vector } from './vector.ts'

const n = POISON.length

/** Field lines of which one server reads the length of the poison and another one reads something else. */
const notations: readonly (readonly [lines: string, verdict: string])[] = [
  [`Content-Length: +${n}`, BAD.length],
  [`Content-Length: -${n}`, BAD.length],
  ['Content-Length: -1', BAD.length],
  [`Content-Length: 0x${n.toString(16)}`, BAD.length],
  [`Content-Length: 0o${n.toString(8)}`, BAD.length],
  [`Content-Length: ${n}.0`, BAD.length],
  [`Content-Length: ${n}e0`, BAD.length],
  [`Content-Length: ${n / 10}e1`, BAD.length],
  [`Content-Length: 1_${n}`, BAD.length],
  [`Content-Length: "${n}"`, BAD.length],
  [`Content-Length: '${n}'`, BAD.length],
  [`Content-Length: ${n};`, BAD.length],
  [`Content-Length: ${n}, ${n}`, BAD.length],
  [`Content-Length: 0, ${n}`, BAD.length],
  [`Content-Length: ${n},`, BAD.length],
  [`Content-Length: ,${n}`, BAD.length],
  [`Content-Length: ${n} 0`, BAD.length],
  [`Content-Length: 0 ${n}`, BAD.length],
  [`Content-Length: ${n}\t${n}`, BAD.length],
  ['Content-Length:', BAD.length],
  ['Content-Length: x', BAD.length],
  [`Content-Length: : ${n}`, BAD.length],
  [`Content-Length: ${n}\r\nContent-Length: 0`, BAD.length],
  [`Content-Length: 0\r\nContent-Length: ${n}`, BAD.length],
  [`Content-Length: ${n}\r\nContent-Length: ${n}`, BAD.length],
  [`Content-Length: ${n}\r\ncontent-length: 0${n}`, BAD.length],
  [`Content-Length: \xa0${n}`, BAD.length],
  [`Content-Length: ${n}\xff`, BAD.length],
  // Digits of other scripts, as UTF-8: Arabic-Indic, fullwidth, superscript.
  ['Content-Length: \xd9\xa3\xd9\xa6', BAD.length],
  ['Content-Length: \xef\xbc\x93\xef\xbc\x96', BAD.length],
  ['Content-Length: \xb3', BAD.length],
  // The poison's length again, after a counter of 32 or 64 bits has overflowed.
  [`Content-Length: ${2 ** 32 + n}`, BAD.tooLarge],
  [`Content-Length: ${2n ** 64n + BigInt(n)}`, BAD.tooLarge],
  [`Content-Length: ${'9'.repeat(400)}`, BAD.tooLarge],
  [`Content-Length: ${n}\x0b`, BAD.field],
  [`Content-Length: \x0c${n}`, BAD.field],
  [`Content-Length: ${n}\0`, BAD.field],
  [`Content-Length: \0${n}`, BAD.field],
  [`Content-Length: ${n}\r`, BAD.field],
  [`Content-Length : ${n}`, BAD.field],
  [`Content-Length\t: ${n}`, BAD.field],
  [`Content-Length\0: ${n}`, BAD.field],
  [`Content-Length\x0b: ${n}`, BAD.field],
  [`Content-Length\xa0: ${n}`, BAD.field],
  [`Content Length: ${n}`, BAD.field],
  [`\0Content-Length: ${n}`, BAD.field],
  [`X: y\rContent-Length: ${n}`, BAD.field],
  [`X: y\nContent-Length: ${n}`, BAD.field],
  [`Content-Length:\n${n}`, BAD.field],
  [` Content-Length: ${n}`, BAD.folded],
  [`Content-Length:\r\n ${n}`, BAD.folded],
  [`Content-Length: 0\r\n ${n}`, BAD.folded],
  [`X: y\r\n Content-Length: ${n}`, BAD.folded],
]

const withBody = (method: string, lines = ''): string =>
  `${method} / HTTP/1.1\r\n${HOST}${lines}Content-Length: ${n}\r\n\r\n${POISON}`

export const lengths: readonly Vector[] = [
  ...notations.map(([lines, verdict]) =>
    refused(`length: ${shown(lines)}`, `${POST}${lines}\r\n\r\n${POISON}`, verdict),
  ),
  harmless('leading zeros are decimal', `${POST}Content-Length: 0${n}\r\n\r\n${POISON}`),
  harmless('CL.0: the poison is content', withBody('POST')),
  harmless(
    'CL.0 in chunks',
    `${POST}Transfer-Encoding: chunked\r\n\r\n${n.toString(16)}\r\n${POISON}\r\n0\r\n\r\n`,
  ),
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND'].map((method) =>
    harmless(`${method} with a body`, withBody(method)),
  ),
  harmless(
    'GET with a chunked body',
    `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${n.toString(16)}\r\n${POISON}\r\n0\r\n\r\n`,
  ),
  harmless(
    'a body in HTTP/1.0 that stays',
    `POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: ${n}\r\n\r\n${POISON}`,
  ),
  refused('TRACE with a body', withBody('TRACE'), BAD.content),
  refused('CONNECT with a body', withBody('CONNECT').replace('/', 'a:80'), BAD.content),
  refused(
    'CONNECT with a chunked body',
    `CONNECT a:80 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${POISON}`,
    BAD.content,
  ),
  ...['Content-Length', 'Host', 'close, Content-Length', 'Content-Length, Host, Connection'].map((options) =>
    harmless(`Connection: ${options} takes nothing away`, withBody('POST', `Connection: ${options}\r\n`)),
  ),
  harmless(
    'Connection: Transfer-Encoding takes nothing away',
    `${POST}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n${n.toString(16)}\r\n${POISON}\r\n0\r\n\r\n`,
  ),
]
