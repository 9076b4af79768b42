/** Tables of what clients send, good and bad, each a whole byte stream. The laws about them are in `read*.test.ts`. */
import { bytesOf, closing, frame, message } from './frames.ts'

const TEXT = 0x1
const BINARY = 0x2
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa

/** The longest payload of a control frame. */
const full = 'x'.repeat(125)

export type ValidCase = readonly [
  title: string,
  bytes: Buffer,
  events: readonly string[],
  verdict?: 'open' | 'within' | 'closed',
]

export const validStreams: readonly ValidCase[] = [
  ['nothing', bytesOf(), []],
  ['"Hello" of RFC 6455 section 5.7', bytesOf('81 85 37fa213d 7f9f4d5158'), ['text Hello']],
  [
    'a ping of RFC 6455 section 5.7 between fragments',
    Buffer.concat([
      frame({ opcode: TEXT, payload: 'Hel', fin: false }),
      frame({ opcode: PING, payload: 'Hello' }),
      frame({ opcode: 0, payload: 'lo' }),
    ]),
    ['ping 48656c6c6f', 'text Hello'],
  ],
  ['an empty text', message(TEXT, ''), ['text ']],
  ['an empty binary', message(BINARY, ''), ['binary ']],
  ['empty fragments', message(BINARY, '', '', ''), ['binary ']],
  ['fragments, some of them empty', message(TEXT, '', 'a', '', 'b', ''), ['text ab']],
  ['a key of zeros', frame({ opcode: TEXT, payload: 'abc', key: 0 }), ['text abc']],
  [
    'a key with its highest bit',
    frame({ opcode: TEXT, payload: 'abcdefg', key: 0xffffffff }),
    ['text abcdefg'],
  ],
  ['a payload of 125', message(TEXT, full), [`text ${full}`]],
  ['a payload of 126', message(TEXT, `${full}y`), [`text ${full}y`]],
  ['a payload of 300', message(TEXT, 'z'.repeat(300)), [`text ${'z'.repeat(300)}`]],
  ['characters of two, three and four bytes', message(TEXT, 'é€😀'), ['text é€😀']],
  ['a character cut between fragments', message(TEXT, bytesOf('f09f'), bytesOf('9880')), ['text 😀']],
  ['a byte order mark, which stays', message(TEXT, '\ufeffa'), ['text \ufeffa']],
  ['a NUL', message(TEXT, '\0'), ['text \0']],
  ['binary that is not UTF-8', message(BINARY, bytesOf('ff fe 80')), ['binary fffe80']],
  [
    'several messages',
    Buffer.concat([message(TEXT, 'a'), message(BINARY, 'b'), message(TEXT, 'c', 'd')]),
    ['text a', 'binary 62', 'text cd'],
  ],
  ['a full ping', frame({ opcode: PING, payload: full }), [`ping ${Buffer.from(full).toString('hex')}`]],
  ['an empty pong that nobody asked for', frame({ opcode: PONG }), ['pong ']],
  ['a close without a code', frame({ opcode: CLOSE }), ['close 1005 '], 'closed'],
  [
    'a close between fragments',
    Buffer.concat([frame({ opcode: TEXT, payload: 'a', fin: false }), closing(1001)]),
    ['close 1001 '],
    'closed',
  ],
  ['a close with a reason', closing(1000, 'bye é'), ['close 1000 bye é'], 'closed'],
  [
    'a close with the longest reason',
    closing(4000, 'r'.repeat(123)),
    [`close 4000 ${'r'.repeat(123)}`],
    'closed',
  ],
  [
    'what follows a close, whatever it is',
    Buffer.concat([closing(1000), bytesOf('ff ff ff ff 00')]),
    ['close 1000 '],
    'closed',
  ],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
    (code): ValidCase => [`close code ${code}`, closing(code), [`close ${code} `], 'closed'],
  ),
  ['half a header', bytesOf('81'), [], 'within'],
  ['a header without its key', bytesOf('81 85 37fa21'), [], 'within'],
  ['half a payload', bytesOf('81 85 37fa213d 7f9f'), [], 'within'],
  ['half a ping', bytesOf('89 85 37fa213d 7f9f'), [], 'within'],
  ['half a length', bytesOf('81 fe 01'), [], 'within'],
  ['half a message', frame({ opcode: TEXT, payload: 'a', fin: false }), [], 'within'],
]

export type InvalidCase = readonly [
  title: string,
  bytes: Buffer,
  verdict: string,
  /** What was said before the fault. */
  events?: readonly string[],
]

export const invalidStreams: readonly InvalidCase[] = [
  ['RSV1 without an extension', frame({ opcode: TEXT, payload: 'a', rsv: 0x40 }), '1002 RESERVED_BITS'],
  ['RSV2', frame({ opcode: TEXT, payload: 'a', rsv: 0x20 }), '1002 RESERVED_BITS'],
  ['RSV3', frame({ opcode: PING, rsv: 0x10 }), '1002 RESERVED_BITS'],
  ...[3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf].map(
    (opcode): InvalidCase => [`opcode ${opcode}`, frame({ opcode }), '1002 OPCODE_UNKNOWN'],
  ),
  ['a text that is not masked', frame({ opcode: TEXT, payload: 'a', key: undefined }), '1002 FRAME_UNMASKED'],
  ['a ping that is not masked', frame({ opcode: PING, key: undefined }), '1002 FRAME_UNMASKED'],
  [
    'the second message is not masked',
    Buffer.concat([message(TEXT, 'a'), frame({ opcode: TEXT, key: undefined })]),
    '1002 FRAME_UNMASKED',
    ['text a'],
  ],
  ['a ping in fragments', frame({ opcode: PING, fin: false }), '1002 CONTROL_FRAGMENTED'],
  ['a close in fragments', frame({ opcode: CLOSE, fin: false }), '1002 CONTROL_FRAGMENTED'],
  ['a ping of 126', frame({ opcode: PING, payload: `${full}y` }), '1002 CONTROL_TOO_LONG'],
  [
    'a ping whose length is 16 bits long',
    frame({ opcode: PING, payload: 'a', lengthBits: 16 }),
    '1002 CONTROL_TOO_LONG',
  ],
  ['a close whose length is 64 bits long', frame({ opcode: CLOSE, lengthBits: 64 }), '1002 CONTROL_TOO_LONG'],
  ['a continuation of nothing', frame({ opcode: 0, payload: 'a' }), '1002 CONTINUATION_UNEXPECTED'],
  [
    'a continuation behind a whole message',
    Buffer.concat([message(TEXT, 'a', 'b'), frame({ opcode: 0 })]),
    '1002 CONTINUATION_UNEXPECTED',
    ['text ab'],
  ],
  [
    'a text within a text',
    Buffer.concat([frame({ opcode: TEXT, fin: false }), frame({ opcode: TEXT })]),
    '1002 MESSAGE_INTERRUPTED',
  ],
  [
    'a binary within a text',
    Buffer.concat([frame({ opcode: TEXT, fin: false }), frame({ opcode: PONG }), frame({ opcode: BINARY })]),
    '1002 MESSAGE_INTERRUPTED',
    ['pong '],
  ],
  ['125 written in 16 bits', frame({ opcode: TEXT, payload: full, lengthBits: 16 }), '1002 LENGTH_INVALID'],
  ['0 written in 64 bits', frame({ opcode: TEXT, lengthBits: 64 }), '1002 LENGTH_INVALID'],
  [
    '65,535 written in 64 bits',
    frame({ opcode: TEXT, lengthBits: 64, length: 65_535n }),
    '1002 LENGTH_INVALID',
  ],
  ['a length with its highest bit', frame({ opcode: TEXT, length: 1n << 63n }), '1002 LENGTH_INVALID'],
  ['a length of 2^63 - 1', frame({ opcode: TEXT, length: (1n << 63n) - 1n }), '1009 MESSAGE_TOO_LARGE'],
  ['a length of 2^32', frame({ opcode: BINARY, length: 1n << 32n }), '1009 MESSAGE_TOO_LARGE'],
  ['an overlong character', message(TEXT, bytesOf('c0 80')), '1007 TEXT_INVALID'],
  ['half a surrogate pair', message(TEXT, bytesOf('ed a0 80')), '1007 TEXT_INVALID'],
  ['a character beyond U+10FFFF', message(TEXT, bytesOf('f4 90 80 80')), '1007 TEXT_INVALID'],
  ['half a character', message(TEXT, bytesOf('61 e2 82')), '1007 TEXT_INVALID'],
  ['half a character in the last fragment', message(TEXT, 'a', bytesOf('e2 82')), '1007 TEXT_INVALID'],
  ['a close with half a code', frame({ opcode: CLOSE, payload: 'a' }), '1002 CLOSE_INVALID'],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): InvalidCase => [`close code ${code}`, closing(code), '1002 CLOSE_INVALID'],
  ),
  ['a reason that is not UTF-8', closing(1000, bytesOf('ff')), '1007 REASON_INVALID'],
]
