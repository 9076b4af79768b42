/** Chunked bodies: sizes, extensions, terminators and trailers of which two servers see different ends. */
import { BAD, harmless, POISON, POST, refused, shown, type Vector } from './vector.ts'

const HEAD = `${POST}Transfer-Encoding: chunked\r\n\r\n`
const size = POISON.length.toString(16)

/** What stands where the header of the last chunk should: some servers read 0 or skip it, and then the poison. */
const lastHeaders: readonly (readonly [line: string, verdict: string])[] = [
  ['-0\r\n', BAD.chunk],
  ['+0\r\n', BAD.chunk],
  ['0x0\r\n', BAD.chunk],
  ['0X\r\n', BAD.chunk],
  ['0_0\r\n', BAD.chunk],
  ['0h\r\n', BAD.chunk],
  ['0,\r\n', BAD.chunk],
  ['0.\r\n', BAD.chunk],
  ['"0"\r\n', BAD.chunk],
  ['g\r\n', BAD.chunk],
  ['\r\n', BAD.chunk],
  [';a\r\n', BAD.chunk],
  [' 0\r\n', BAD.chunk],
  ['\t0\r\n', BAD.chunk],
  ['0 \r\n', BAD.chunk],
  ['0\t\r\n', BAD.chunk],
  ['0 0\r\n', BAD.chunk],
  ['0\0\r\n', BAD.chunk],
  ['\x000\r\n', BAD.chunk],
  ['0\x0b\r\n', BAD.chunk],
  ['0\x0c\r\n', BAD.chunk],
  ['0\xa0\r\n', BAD.chunk],
  ['\xef\xbc\x90\r\n', BAD.chunk],
  ['0\n', BAD.chunk],
  ['0\r', BAD.chunk],
  ['0\r\r\n', BAD.chunk],
  ['0\n\r\n', BAD.chunk],
  [`${'0'.repeat(17)}\r\n`, BAD.chunk],
  ['10000000000000000\r\n', BAD.chunk],
  ['100000000\r\n', BAD.tooLarge],
  ['ffffffffffffffff\r\n', BAD.tooLarge],
  ['7fffffffffffffff\r\n', BAD.tooLarge],
  ['0;\r\n', BAD.chunk],
  ['0;;a\r\n', BAD.chunk],
  ['0;a=\r\n', BAD.chunk],
  ['0;=a\r\n', BAD.chunk],
  ['0;a b\r\n', BAD.chunk],
  ['0;a="b\r\n', BAD.chunk],
  ['0;a="b"c\r\n', BAD.chunk],
  ['0;a=b"c"\r\n', BAD.chunk],
  ['0;a="\\\r\n"\r\n', BAD.chunk],
  ['0;a\0\r\n', BAD.chunk],
  ['0;a\x7f\r\n', BAD.chunk],
  ['0;a\rb\r\n', BAD.chunk],
  ['0;a="\r"\r\n', BAD.chunk],
  ['0;a\nb\r\n', BAD.chunk],
  ['0;\nb\r\n', BAD.chunk],
  ['0;a="\n"\r\n', BAD.chunk],
  ['0\n;a\r\n', BAD.chunk],
  ['0;a\n', BAD.chunk],
  ['0;a\r\r\n', BAD.chunk],
  [`0;${'a'.repeat(17_000)}\r\n`, BAD.extensions],
]

/** What stands where CRLF should follow a chunk of one byte. */
const dataEnds = ['', '\n', '\r', '\n\r', '\r\r\n', 'x\r\n', '\0\r\n', ' \r\n', '\r\0\n']

/** What stands where the trailers should: fields that a head would be changed by, and what only looks like an end. */
const trailers: readonly (readonly [lines: string, verdict: string])[] = [
  ['Content-Length: 9\r\n', BAD.trailer],
  ['content-length: 0\r\n', BAD.trailer],
  ['Transfer-Encoding: chunked\r\n', BAD.trailer],
  ['Host: b\r\n', BAD.trailer],
  ['Connection: keep-alive\r\n', BAD.trailer],
  ['Trailer: Host\r\n', BAD.trailer],
  ['Expect: 100-continue\r\n', BAD.trailer],
  ['Upgrade: h2c\r\n', BAD.trailer],
  ['Authorization: Basic YTpi\r\n', BAD.trailer],
  ['Cookie: a=b\r\n', BAD.trailer],
  ['Content-Type: text/html\r\n', BAD.trailer],
  ['A: b\r\nContent-Length: 9\r\n', BAD.trailer],
  ['Content-Length : 9\r\n', BAD.field],
  ['A\0: b\r\n', BAD.field],
  ['A: b\0\r\n', BAD.field],
  ['A: b\n', BAD.field],
  ['A: b\r', BAD.field],
  ['A\r\n', BAD.field],
  [': b\r\n', BAD.field],
  ['\n', BAD.field],
  ['\r\r\n', BAD.field],
  ['\n\r\n', BAD.field],
  [' A: b\r\n', BAD.folded],
  ['A: b\r\n c\r\n', BAD.folded],
  [' \r\n', BAD.folded],
]

export const chunks: readonly Vector[] = [
  ...lastHeaders.map(([line, verdict]) =>
    refused(`the last chunk: ${shown(line).slice(0, 40)}`, `${HEAD}${line}\r\n${POISON}`, verdict),
  ),
  ...lastHeaders.map(([line, verdict]) =>
    refused(`behind a chunk: ${shown(line).slice(0, 40)}`, `${HEAD}1\r\nx\r\n${line}\r\n${POISON}`, verdict),
  ),
  ...dataEnds.map((end) =>
    refused(`the end of data: ${shown(end)}`, `${HEAD}1\r\nx${end}0\r\n\r\n${POISON}`, BAD.chunk),
  ),
  ...trailers.map(([lines, verdict]) =>
    refused(`trailers: ${shown(lines)}`, `${HEAD}0\r\n${lines}\r\n${POISON}`, verdict),
  ),
  refused('the poison as trailers', `${HEAD}0\r\n${POISON}`, BAD.field),
  // TERM.EXT and EXT.TERM: the header of a chunk ends at the LF for one server, at the CRLF for the other.
  refused('TERM.EXT', `${HEAD}2;\nxx\r\n${size}\r\n0\r\n\r\n${POISON}\r\n0\r\n\r\n`, BAD.chunk),
  refused('EXT.TERM', `${HEAD}${size};\n${POISON}\r\n0\r\n\r\n`, BAD.chunk),
  // TERM.SPILL and SPILL.TERM: data that is longer than its size, for one server up to the next line.
  refused('TERM.SPILL', `${HEAD}5\r\nAAAAA\n2c\r\n${POISON}\r\n0\r\n\r\n`, BAD.chunk),
  refused('SPILL.TERM', `${HEAD}5\r\nAAAAAXX2\r\n45\r\n0\r\n\r\n${POISON}`, BAD.chunk),
  refused('a size that is too small for its data', `${HEAD}1\r\n${POISON}\r\n0\r\n\r\n`, BAD.chunk),
  refused('data without a size', `${HEAD}${POISON}`, BAD.chunk),
  harmless('the poison in a quoted extension is dropped', `${HEAD}0;a="${POISON.split('\r')[0]}"\r\n\r\n`),
  harmless('the poison in the value of a trailer', `${HEAD}0\r\nX: ${POISON.split('\r')[0]}\r\n\r\n`),
]
