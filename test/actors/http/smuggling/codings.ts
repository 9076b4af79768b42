/** Transfer-Encoding: beside Content-Length (CL.TE, TE.CL), in disguise (TE.TE), or where it has no place. */
import { BAD, GET, HOST, harmless, POISON, POST, refused, shown, type Vector } from './vector.ts'

/** Field lines that one server takes for `Transfer-Encoding: chunked` and another one does not. */
const disguises: readonly (readonly [lines: string, verdict: string])[] = [
  ['Transfer-Encoding: xchunked', BAD.coding],
  ['Transfer-Encoding: chunkedx', BAD.coding],
  ['Transfer-Encoding: chunk', BAD.coding],
  ['Transfer-Encoding: chunked;q=1', BAD.coding],
  ['Transfer-Encoding: chunked ;', BAD.coding],
  ['Transfer-Encoding: "chunked"', BAD.coding],
  ["Transfer-Encoding: 'chunked'", BAD.coding],
  ['Transfer-Encoding: [chunked]', BAD.coding],
  ['Transfer-Encoding: {chunked}', BAD.coding],
  ['Transfer-Encoding: : chunked', BAD.coding],
  ['Transfer-Encoding: chunked.', BAD.coding],
  ['Transfer-Encoding: chunked chunked', BAD.coding],
  ['Transfer-Encoding: gzip chunked', BAD.coding],
  ['Transfer-Encoding: gzip;chunked', BAD.coding],
  ['Transfer-Encoding: chunked,', BAD.coding],
  ['Transfer-Encoding: ,chunked', BAD.coding],
  ['Transfer-Encoding: ,', BAD.coding],
  ['Transfer-Encoding:', BAD.coding],
  ['Transfer-Encoding: identity', BAD.coding],
  ['Transfer-Encoding: gzip', BAD.coding],
  ['Transfer-Encoding: chunked, identity', BAD.coding],
  ['Transfer-Encoding: chunked, gzip', BAD.coding],
  ['Transfer-Encoding: chunked, chunked', BAD.coding],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', BAD.coding],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', BAD.coding],
  ['Transfer-Encoding: chunked\r\nTransfer-encoding: cow', BAD.coding],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding:', BAD.coding],
  ['Transfer-Encoding:\r\nTransfer-Encoding: chunked', BAD.coding],
  ['Transfer-Encoding: identity, chunked', BAD.unknownCoding],
  ['Transfer-Encoding: identity\r\nTransfer-Encoding: chunked', BAD.unknownCoding],
  ['Transfer-Encoding: cow\r\nTransfer-Encoding: chunked', BAD.unknownCoding],
  ['Transfer-Encoding: \xa0chunked', BAD.coding],
  ['Transfer-Encoding: chunked\xa0', BAD.coding],
  ['Transfer-Encoding: \xffchunked', BAD.coding],
  ['Transfer-Encoding: chunked\xff', BAD.coding],
  ['Transfer-Encoding: \x85chunked', BAD.coding],
  ['Transfer-Encoding: chun\xe2\x84\xaaed', BAD.coding],
  ['Transfer-Encoding: \xef\xbd\x83hunked', BAD.coding],
  ['Transfer-Encoding: \x0bchunked', BAD.field],
  ['Transfer-Encoding: chunked\x0b', BAD.field],
  ['Transfer-Encoding: \x0cchunked', BAD.field],
  ['Transfer-Encoding: chunked\x0c', BAD.field],
  ['Transfer-Encoding: \0chunked', BAD.field],
  ['Transfer-Encoding: chunked\0', BAD.field],
  ['Transfer-Encoding: \x08chunked', BAD.field],
  ['Transfer-Encoding: chunked\x7f', BAD.field],
  ['Transfer-Encoding: chunked\r', BAD.field],
  ['Transfer-Encoding: \rchunked', BAD.field],
  ['Transfer-Encoding:\r\n chunked', BAD.folded],
  ['Transfer-Encoding:\r\n\tchunked', BAD.folded],
  ['Transfer-Encoding: chunked\r\n , identity', BAD.folded],
  ['Transfer-Encoding:\nchunked', BAD.field],
  ['Transfer-Encoding:\n chunked', BAD.field],
  ['Transfer-Encoding : chunked', BAD.field],
  ['Transfer-Encoding\t: chunked', BAD.field],
  ['Transfer-Encoding\x0b: chunked', BAD.field],
  ['Transfer-Encoding\x0c: chunked', BAD.field],
  ['Transfer-Encoding\0: chunked', BAD.field],
  ['Transfer-Encoding\xa0: chunked', BAD.field],
  ['Transfer-Encoding\r: chunked', BAD.field],
  ['Transfer-Encoding\r\n: chunked', BAD.field],
  ['Transfer-Encoding\n : chunked', BAD.field],
  ['Transfer-Encoding chunked', BAD.field],
  ['Transfer Encoding: chunked', BAD.field],
  ['Transfer-Encod\0ing: chunked', BAD.field],
  ['\0Transfer-Encoding: chunked', BAD.field],
  ['\x01Transfer-Encoding: chunked', BAD.field],
  ['\xffTransfer-Encoding: chunked', BAD.field],
  [' Transfer-Encoding: chunked', BAD.folded],
  ['\tTransfer-Encoding: chunked', BAD.folded],
  ['\x0bTransfer-Encoding: chunked', BAD.field],
  ['X: y\rTransfer-Encoding: chunked', BAD.field],
  ['X: y\nTransfer-Encoding: chunked', BAD.field],
  ['X: y\n Transfer-Encoding: chunked', BAD.field],
  ['X: y\r\n Transfer-Encoding: chunked', BAD.folded],
  ['X: y\n\rTransfer-Encoding: chunked', BAD.field],
  ['X: y\0Transfer-Encoding: chunked', BAD.field],
  ['X: y\r\n\rTransfer-Encoding: chunked', BAD.field],
]

/** Names that resemble it. By the letter they are other fields, and a length beside them is the only framing. */
const namesakes = ['Transfer_Encoding', 'X-Transfer-Encoding', 'TransferEncoding', 'Content-Encoding', 'TE']

const LAST_CHUNK = '0\r\n\r\n'

/** Whoever reads by length takes the poison for content; whoever reads chunks takes it for a request. */
const byLength = `Content-Length: ${LAST_CHUNK.length + POISON.length}`

export const codings: readonly Vector[] = [
  refused(
    'CL.TE',
    `${POST}${byLength}\r\nTransfer-Encoding: chunked\r\n\r\n${LAST_CHUNK}${POISON}`,
    BAD.coding,
  ),
  refused(
    'TE.CL',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${POISON.length.toString(16)}\r\n${POISON}\r\n${LAST_CHUNK}`,
    BAD.coding,
  ),
  refused(
    'CL.TE with a length of 0',
    `${POST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${LAST_CHUNK}${POISON}`,
    BAD.coding,
  ),
  refused(
    'CL.TE in a GET',
    `${GET}${byLength}\r\nTransfer-Encoding: chunked\r\n\r\n${LAST_CHUNK}${POISON}`,
    BAD.coding,
  ),
  refused(
    'chunked in HTTP/1.0 that would stay',
    `POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${LAST_CHUNK}${POISON}`,
    BAD.coding,
  ),
  refused(
    'both framings in HTTP/1.0',
    `POST / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n${byLength}\r\nTransfer-Encoding: chunked\r\n\r\n${LAST_CHUNK}${POISON}`,
    BAD.coding,
  ),
  ...disguises.flatMap(([lines, verdict]) => [
    refused(`TE.TE: ${shown(lines)}`, `${POST}${lines}\r\n\r\n${POISON}`, verdict),
    refused(
      `TE.TE beside a length: ${shown(lines)}`,
      `${POST}${byLength}\r\n${lines}\r\n\r\n${LAST_CHUNK}${POISON}`,
      verdictBesideLength(verdict),
    ),
  ]),
  ...namesakes.map((name) =>
    harmless(`a namesake: ${name}`, `${POST}${byLength}\r\n${name}: chunked\r\n\r\n${LAST_CHUNK}${POISON}`),
  ),
]

/** Beside a length no coding is looked at. */
function verdictBesideLength(verdict: string): string {
  return verdict === BAD.unknownCoding ? BAD.coding : verdict
}
