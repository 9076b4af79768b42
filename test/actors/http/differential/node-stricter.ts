/** Where node:http refuses what we take, and where both refuse and do not say the same. */
import { METHODS } from 'node:http'
import {
  all,
  type Covers,
  type Difference,
  headHas,
  ourNext,
  refusedFor,
  takenByUs,
  textHas,
} from './difference.ts'

/** Node says 400 to a request of which we see nothing wrong. */
const refusedByNode: Covers = all(takenByUs, ({ theirs }) => theirs.end === 'refused 400')

const CONNECT = /^CONNECT /

export const nodeStricter: readonly Difference[] = [
  {
    name: 'A method that node:http does not know',
    stricter: 'node',
    we: 'gives it to the handler, if it has at most 32 characters',
    node: '400',
    law: 'RFC 9110 sections 9.1 and 16.1.1: any token is a method, and the resource answers with 405 or 501',
    covers: all(refusedByNode, (found) => !METHODS.includes(ourNext(found)?.method ?? 'GET')),
  },
  {
    name: 'HTTP/1.2 and later minor versions',
    stricter: 'node',
    we: 'reads it as HTTP/1.1',
    node: '400',
    law: 'RFC 9110 section 2.5: should be processed as the highest minor version that is known',
    covers: all(refusedByNode, headHas(/^\S+ \S+ HTTP\/1\.[2-9]$/m)),
  },
  {
    name: 'White space in chunk extensions',
    stricter: 'node',
    we: 'skips it',
    node: '400',
    law: 'RFC 9112 section 7.1.1 and RFC 9110 section 5.6.3: must be parsed and removed',
    covers: all(refusedByNode, textHas(/^[0-9a-f]+(?:[ \t]*;.*[ \t]|[ \t]+;)/im)),
  },
  {
    name: 'A tab around Content-Length or Transfer-Encoding',
    stricter: 'node',
    we: 'skips it',
    node: '400 behind `chunked`; around a length, up to version 9.3 of its parser',
    law: 'RFC 9110 section 5.6.3: OWS is spaces and tabs',
    covers: all(refusedByNode, headHas(/^(?:content-length|transfer-encoding):.*\t/im)),
  },
  {
    name: 'What is sent behind the last request of a connection',
    stricter: 'node',
    we: 'answers that request, and does not read on',
    node: 'says 400 instead of that answer',
    law: 'RFC 9112 section 9.6: further requests must not be processed; this one was whole',
    covers: all(
      refusedByNode,
      ({ ours, theirs }) => ours.end === 'closed' && ours.seen.length === theirs.seen.length,
    ),
  },
  {
    name: 'CONNECT',
    stricter: 'node',
    we: 'gives it to the handler, which may open a tunnel; no other request is read behind it',
    node: 'drops the connection without a word, unless somebody listens for `connect`',
    law: 'RFC 9110 section 9.3.6',
    covers: all(takenByUs, headHas(CONNECT), ({ theirs }) => theirs.end === 'silent'),
  },
  {
    name: 'A CONNECT that is malformed',
    stricter: 'neither',
    we: '400',
    node: 'drops the connection without a word',
    law: 'RFC 9110 section 9.3.6: an empty or invalid port must be rejected, typically with 400',
    covers: all(refusedFor('TARGET_INVALID', 'CONTENT_FORBIDDEN'), headHas(CONNECT)),
  },
  {
    name: 'The end of a connection within an empty line',
    stricter: 'node',
    we: '400',
    node: 'closes without a word',
    law: 'RFC 9112 section 2.2: an empty line is CRLF, and this one was cut off',
    covers: all(refusedFor('TRUNCATED'), ({ head }) => head === '\r'),
  },
  {
    name: 'A version that neither speaks',
    stricter: 'neither',
    we: '505',
    node: '400',
    law: 'RFC 9110 section 15.6.6',
    covers: refusedFor('VERSION_UNSUPPORTED'),
  },
  {
    name: 'A method that is too long',
    stricter: 'neither',
    we: '501',
    node: '400',
    law: 'RFC 9112 section 3: a method longer than any that is implemented should be answered with 501',
    covers: refusedFor('METHOD_TOO_LONG'),
  },
  {
    name: 'A Content-Length beyond 64 bits',
    stricter: 'neither',
    we: '413',
    node: '400',
    law: 'RFC 9110 section 15.5.14; section 8.6 asks to prevent an overflow',
    covers: all(refusedFor('BODY_TOO_LARGE'), headHas(/^content-length: \d{20}/im)),
  },
]
