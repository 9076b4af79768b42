/** Where node:http takes what we refuse. */
import { all, type Difference, headHas, headLacks, refusedFor, textHas } from './difference.ts'

const TWO_HOSTS = /^host:.*$[\s\S]*^host:/im
const CONNECT = /^CONNECT /

const entries: readonly Omit<Difference, 'stricter'>[] = [
  {
    name: 'More than one Host',
    we: '400',
    node: 'takes it, and gives its handler the first',
    law: 'RFC 9112 section 3.2: must be refused with 400',
    covers: all(refusedFor('HOST_INVALID'), headHas(TWO_HOSTS)),
  },
  {
    name: 'A Host that is empty, or no host',
    we: '400; also for userinfo, a list, a port beyond 65535, and an IP literal that is no IPv6 address',
    node: 'takes any value',
    law: 'RFC 9112 section 3.2: an invalid value must be refused with 400; RFC 9110 sections 4.2.1 and 4.2.4',
    covers: all(refusedFor('HOST_INVALID'), headHas(/^host:/im), headLacks(TWO_HOSTS)),
  },
  {
    name: 'What is pipelined behind a request without Host',
    we: 'never reads it',
    node: 'says 400 and `Connection: close`, and serves what follows',
    law: 'RFC 9112 section 9.6: behind a response that says close, no further request may be processed',
    covers: all(
      refusedFor('HOST_INVALID'),
      headLacks(/^host:/im),
      ({ theirs }) => theirs.end === 'refused 400',
    ),
  },
  {
    name: 'Several spaces in the request line',
    we: '400',
    node: 'takes them',
    law: 'RFC 9112 section 3: a single space; to split at other white space is optional, and a way to smuggle',
    covers: all(refusedFor('REQUEST_LINE_INVALID'), headHas(/^[^\r\n]*(?: {2}| HTTP\/1\.1 | \S+ \S+ )/)),
  },
  {
    name: 'A request line without a version',
    we: '400',
    node: 'takes it for HTTP/0.9',
    law: 'RFC 9112 section 3: the version is part of the request line',
    covers: all(refusedFor('REQUEST_LINE_INVALID'), textHas(/^\S+ \S+\r?\n/)),
  },
  {
    name: 'The version of another protocol',
    we: '400',
    node: 'takes `RTSP/1.0` for HTTP',
    law: 'RFC 9112 section 2.3: the name of the protocol is HTTP',
    covers: all(refusedFor('REQUEST_LINE_INVALID'), headHas(/^\S+ \S+ RTSP\//)),
  },
  {
    name: 'HTTP/0.9 and HTTP/2.0 in a request line',
    we: '505',
    node: 'takes them, and closes behind them',
    law: 'RFC 9110 section 15.6.6: a major version that is not spoken is refused with 505',
    covers: all(refusedFor('VERSION_UNSUPPORTED'), headHas(/^\S+ \S+ HTTP\/(?:0\.9|2\.0)$/m)),
  },
  {
    name: 'A bare CR or LF before a request line',
    we: '400',
    node: 'skips it',
    law: 'RFC 9112 section 2.2: what may be skipped there is CRLF',
    covers: all(refusedFor('METHOD_INVALID'), textHas(/(?:^|[^\r])\n|\r[^\n]/)),
  },
  {
    name: 'Empty lines without end before a request line',
    we: '400 after five',
    node: 'skips any number',
    law: 'RFC 9112 section 2.2: at least one should be skipped; nothing asks for more',
    covers: refusedFor('EMPTY_LINES'),
  },
  {
    name: 'A target in none of the four forms',
    we: '400; also for a fragment, userinfo, and schemes other than http and https',
    node: 'takes it where it begins with a slash, a scheme or an asterisk',
    law: 'RFC 9112 sections 3 and 3.2: an invalid request line should be refused with 400; RFC 9110 section 4.2.4',
    covers: all(refusedFor('TARGET_INVALID'), headLacks(CONNECT)),
  },
  {
    name: 'A request line longer than 8 KiB',
    we: '414',
    node: 'takes 16 KiB of head in all',
    law: 'RFC 9112 section 3: at least 8,000 bytes should be taken; what is longer is refused with 414',
    covers: refusedFor('REQUEST_LINE_TOO_LONG'),
  },
  {
    name: 'A Transfer-Encoding other than one `chunked`',
    we: '400, or 501 for a coding before `chunked`; before the handler is asked',
    node: 'begins the request, and fails it later or, for empty elements and values, never',
    law: 'RFC 9112 sections 6.1 and 6.3: 501 for an unknown coding, 400 where `chunked` is not the last; section 11.2',
    covers: all(refusedFor('TRANSFER_ENCODING_INVALID', 'TRANSFER_CODING_UNKNOWN'), headHas(/ HTTP\/1\.1$/m)),
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    we: '400',
    node: 'reads the chunks, and keeps the connection if asked to',
    law: 'RFC 9112 section 6.1: must be treated as faulty framing, and the connection closed',
    covers: all(refusedFor('TRANSFER_ENCODING_INVALID'), headHas(/ HTTP\/1\.0$/m)),
  },
  {
    name: 'A body larger than its limit',
    we: '413, as soon as its size is announced',
    node: 'has no limit, and waits for all of it',
    law: 'RFC 9110 section 15.5.14',
    covers: refusedFor('BODY_TOO_LARGE'),
  },
  {
    name: 'A chunk size of more than 16 digits',
    we: '400',
    node: 'takes any number of leading zeros',
    law: 'RFC 9112 section 7.1: a recipient must expect large numerals and prevent their overflow',
    covers: all(refusedFor('CHUNK_INVALID'), textHas(/^0{16,}/m)),
  },
  {
    name: 'Chunk extensions that break their grammar',
    we: '400',
    node: 'takes empty names and values',
    law: 'RFC 9112 section 7.1.1',
    covers: all(refusedFor('CHUNK_INVALID'), textHas(/^[0-9a-f]+;/m)),
  },
  {
    name: 'Trailers that belong in a head',
    we: '400 for framing, routing, authentication and the like',
    node: 'refuses Content-Length and Transfer-Encoding only, and hands out the others',
    law: 'RFC 9110 section 6.5.1: must not be sent in a trailer section',
    covers: refusedFor('TRAILER_FORBIDDEN'),
  },
  {
    name: 'Expect with more than `100-continue`',
    we: '417',
    node: 'takes whatever contains it as a word, and invites the body',
    law: 'RFC 9110 section 10.1.1: another member may be refused with 417',
    covers: all(refusedFor('EXPECTATION_UNKNOWN'), headHas(/^expect:.*100-continue/im)),
  },
  {
    name: 'TRACE with content',
    we: '400',
    node: 'takes it',
    law: 'RFC 9110 section 9.3.8: must not be sent',
    covers: all(refusedFor('CONTENT_FORBIDDEN'), headHas(/^TRACE /)),
  },
  {
    name: 'HTTP/1.0 that says both close and keep-alive',
    we: 'closes',
    node: 'keeps the connection, and serves what follows',
    law: 'RFC 9112 section 9.3: close comes first',
    covers: all(
      ({ ours }) => ours.end === 'closed',
      headHas(/ HTTP\/1\.0$/m),
      headHas(/^connection:.*close/im),
    ),
  },
]

export const weStricter: readonly Difference[] = entries.map((entry) => ({ ...entry, stricter: 'we' }))
