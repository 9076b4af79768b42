/** Guards: a WebSocket is opened by what RFC 6455 section 4.2 asks for and by nothing else, and the answer says why not. */
import test from 'ava'
import {
  acceptFor,
  createHandshakeRules,
  type HandshakeOptions,
  type HandshakeRefused,
  readHandshake,
} from '../../../../actors/websocket/codec/handshake.ts'
import { headOf } from '../../http/codec/reading.ts'

/** The request of RFC 6455 section 1.3, without Origin and protocols. */
const fields: Readonly<Record<string, readonly string[]>> = {
  host: ['server.example.com'],
  upgrade: ['websocket'],
  connection: ['Upgrade'],
  'sec-websocket-key': ['dGhlIHNhbXBsZSBub25jZQ=='],
  'sec-websocket-version': ['13'],
}

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

interface Asked {
  readonly method?: string
  readonly version?: string
  /** Put in the place of those above, or beside them; none for an empty list. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly options?: HandshakeOptions
}

/** Asked through our own HTTP codec, whose head is what the handshake gets. */
function ask({ method = 'GET', version = '1.1', fields: own = {}, options = {} }: Asked) {
  const lines = Object.entries({ ...fields, ...own }).flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}\r\n`),
  )
  const head = headOf(`${method} /chat HTTP/${version}\r\n${lines.join('')}\r\n`)
  return readHandshake(head, createHandshakeRules(options))
}

const OFFER = 'permessage-deflate; client_max_window_bits'

const accepted: readonly (readonly [
  title: string,
  asked: Asked,
  headers?: Readonly<Record<string, string>>,
])[] = [
  ['the smallest request', {}],
  [
    'words in any case, in lists',
    { fields: { upgrade: ['h2c, WebSocket'], connection: ['keep-alive, UPGRADE'] } },
  ],
  [
    'lists over several lines',
    { fields: { upgrade: ['h2c', 'websocket'], connection: ['keep-alive', 'upgrade'] } },
  ],
  [
    'a key whose padding bits are set',
    { fields: { 'sec-websocket-key': ['dGhlIHNhbXBsZSBub25jZR=='] } },
    { 'sec-websocket-accept': acceptFor('dGhlIHNhbXBsZSBub25jZR==') },
  ],
  ['protocols that nobody speaks', { fields: { 'sec-websocket-protocol': ['a, b'] } }],
  [
    'protocols, none of which is ours',
    { fields: { 'sec-websocket-protocol': ['a, b'] }, options: { protocols: ['c'] } },
  ],
  ['no protocol where we speak some', { options: { protocols: ['c'] } }],
  [
    'protocols, by our preference',
    { fields: { 'sec-websocket-protocol': ['a, b', 'c'] }, options: { protocols: ['c', 'x', 'a'] } },
    { 'sec-websocket-accept': ACCEPT, 'sec-websocket-protocol': 'c' },
  ],
  [
    'protocols, whose case matters',
    { fields: { 'sec-websocket-protocol': ['A'] }, options: { protocols: ['a'] } },
  ],
  ['compression that is not spoken', { fields: { 'sec-websocket-extensions': [OFFER] } }],
  [
    'compression',
    { fields: { 'sec-websocket-extensions': ['x-other', OFFER] }, options: { deflate: true } },
    {
      'sec-websocket-accept': ACCEPT,
      'sec-websocket-extensions':
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    },
  ],
  [
    'compression that cannot be had',
    { fields: { 'sec-websocket-extensions': ['permessage-deflate; x'] }, options: { deflate: true } },
  ],
  ['an Origin that is the same', { fields: { origin: ['https://server.example.com'] } }],
  [
    'a foreign Origin where any may',
    { fields: { origin: ['https://evil.example'] }, options: { origins: 'any' } },
  ],
  [
    'a foreign Origin that is listed',
    { fields: { origin: ['https://a.example'] }, options: { origins: ['https://a.example'] } },
  ],
  ['a list and no Origin', { options: { origins: ['https://a.example'] } }],
]

for (const [title, asked, headers = { 'sec-websocket-accept': ACCEPT }] of accepted) {
  test(`accepts ${title}`, (t) => {
    const { type, ...rest } = ask(asked)
    t.is(type, 'accepted', JSON.stringify(rest))
    t.deepEqual(rest.headers, headers)
  })
}

test('says apart what was agreed', (t) => {
  t.deepEqual(
    ask({
      fields: {
        'sec-websocket-protocol': ['chat'],
        'sec-websocket-extensions': ['permessage-deflate; server_max_window_bits=10'],
      },
      options: { protocols: ['chat'], deflate: true },
    }),
    {
      type: 'accepted',
      accept: ACCEPT,
      protocol: 'chat',
      deflate: { windowBits: 10 },
      headers: {
        'sec-websocket-accept': ACCEPT,
        'sec-websocket-protocol': 'chat',
        'sec-websocket-extensions':
          'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10',
      },
    },
  )
})

const KEY = 'sec-websocket-key'
const VERSION = 'sec-websocket-version'
const PROTOCOLS = 'sec-websocket-protocol'
const EXTENSIONS = 'sec-websocket-extensions'

const refused: readonly (readonly [title: string, asked: Asked, status: number, code: string])[] = [
  ['POST', { method: 'POST' }, 405, 'METHOD_INVALID'],
  ['HEAD', { method: 'HEAD' }, 405, 'METHOD_INVALID'],
  ['HTTP/1.0', { version: '1.0' }, 426, 'UPGRADE_REQUIRED'],
  [
    "no Upgrade, as from a browser's address line",
    { fields: { upgrade: [], connection: [] } },
    426,
    'UPGRADE_REQUIRED',
  ],
  ['another Upgrade', { fields: { upgrade: ['h2c'] } }, 426, 'UPGRADE_REQUIRED'],
  ['a longer Upgrade', { fields: { upgrade: ['websockets'] } }, 426, 'UPGRADE_REQUIRED'],
  ['an Upgrade with a version', { fields: { upgrade: ['websocket/13'] } }, 426, 'UPGRADE_REQUIRED'],
  ['no Connection', { fields: { connection: [] } }, 400, 'CONNECTION_INVALID'],
  ['another Connection', { fields: { connection: ['keep-alive'] } }, 400, 'CONNECTION_INVALID'],
  ['no version', { fields: { [VERSION]: [] } }, 426, 'VERSION_UNSUPPORTED'],
  ['version 8', { fields: { [VERSION]: ['8'] } }, 426, 'VERSION_UNSUPPORTED'],
  ['a list of versions', { fields: { [VERSION]: ['13, 8'] } }, 426, 'VERSION_UNSUPPORTED'],
  ['the version twice', { fields: { [VERSION]: ['13', '13'] } }, 426, 'VERSION_UNSUPPORTED'],
  ['version 013', { fields: { [VERSION]: ['013'] } }, 426, 'VERSION_UNSUPPORTED'],
  ['no key', { fields: { [KEY]: [] } }, 400, 'KEY_INVALID'],
  ['an empty key', { fields: { [KEY]: [''] } }, 400, 'KEY_INVALID'],
  ['a key of 15 bytes', { fields: { [KEY]: ['dGhlIHNhbXBsZSBub25j'] } }, 400, 'KEY_INVALID'],
  ['a key of 17 bytes', { fields: { [KEY]: ['dGhlIHNhbXBsZSBub25jZQQ='] } }, 400, 'KEY_INVALID'],
  ['a key without padding', { fields: { [KEY]: ['dGhlIHNhbXBsZSBub25jZQ'] } }, 400, 'KEY_INVALID'],
  ['a key of base64url', { fields: { [KEY]: ['dGhlIHNhbXBsZSBub25j-_=='] } }, 400, 'KEY_INVALID'],
  ['two keys', { fields: { [KEY]: [fields[KEY]![0]!, fields[KEY]![0]!] } }, 400, 'KEY_INVALID'],
  ['a foreign Origin', { fields: { origin: ['https://evil.example'] } }, 403, 'ORIGIN_FORBIDDEN'],
  [
    'an Origin that only begins so',
    { fields: { origin: ['https://server.example.com.evil.example'] } },
    403,
    'ORIGIN_FORBIDDEN',
  ],
  ['null', { fields: { origin: ['null'] } }, 403, 'ORIGIN_FORBIDDEN'],
  [
    'two Origins',
    { fields: { origin: ['https://server.example.com', 'https://evil.example'] } },
    400,
    'ORIGIN_INVALID',
  ],
  [
    'the same Origin where a list has others',
    { fields: { origin: ['https://server.example.com'] }, options: { origins: ['https://a.example'] } },
    403,
    'ORIGIN_FORBIDDEN',
  ],
  [
    'any Origin where the list is empty',
    { fields: { origin: ['https://a.example'] }, options: { origins: [] } },
    403,
    'ORIGIN_FORBIDDEN',
  ],
  ['a protocol that is no token', { fields: { [PROTOCOLS]: ['a b'] } }, 400, 'PROTOCOLS_INVALID'],
  ['an empty protocol', { fields: { [PROTOCOLS]: ['a,,b'] } }, 400, 'PROTOCOLS_INVALID'],
  ['no protocol in the field', { fields: { [PROTOCOLS]: [''] } }, 400, 'PROTOCOLS_INVALID'],
  ['one protocol twice', { fields: { [PROTOCOLS]: ['a', 'b, a'] } }, 400, 'PROTOCOLS_INVALID'],
  ['extensions that are no list', { fields: { [EXTENSIONS]: ['a;'] } }, 400, 'EXTENSIONS_INVALID'],
  [
    'extensions whose quotes close on another line',
    { fields: { [EXTENSIONS]: ['a; b="c', 'd"'] } },
    400,
    'EXTENSIONS_INVALID',
  ],
]

/** What each status has to say by the law of HTTP. */
const saying: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  METHOD_INVALID: { allow: 'GET' },
  UPGRADE_REQUIRED: { upgrade: 'websocket' },
  VERSION_UNSUPPORTED: { upgrade: 'websocket', 'sec-websocket-version': '13' },
}

for (const [title, asked, status, code] of refused) {
  test(`refuses ${title} with ${status}`, (t) => {
    const { message, ...refusal } = ask(asked) as HandshakeRefused
    t.deepEqual(refusal, {
      type: 'refused',
      status,
      code: `WEBSOCKET_${code}`,
      headers: saying[code] ?? {},
    } as object)
    t.regex(message, /^[\x20-\x7e]+$/)
  })
}

const wrong: readonly (readonly [title: string, options: object, code: string])[] = [
  ['a protocol that is no token', { protocols: ['a b'] }, 'WEBSOCKET_PROTOCOLS_INVALID'],
  ['an empty protocol', { protocols: [''] }, 'WEBSOCKET_PROTOCOLS_INVALID'],
  ['a protocol twice', { protocols: ['a', 'a'] }, 'WEBSOCKET_PROTOCOLS_INVALID'],
  ['an origin with a path', { origins: ['https://a.example/'] }, 'WEBSOCKET_ORIGINS_INVALID'],
  ['an origin without a scheme', { origins: ['a.example'] }, 'WEBSOCKET_ORIGINS_INVALID'],
  ['a star', { origins: ['*'] }, 'WEBSOCKET_ORIGINS_INVALID'],
  ['another word', { origins: 'all' }, 'WEBSOCKET_ORIGINS_INVALID'],
]

for (const [title, options, code] of wrong) {
  test(`options: ${title} is a mistake`, (t) => {
    const error = t.throws(() => createHandshakeRules(options as HandshakeOptions), { name: 'UsageError' })
    t.is((error as unknown as { code: string }).code, code)
  })
}
