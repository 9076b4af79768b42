/** Arbitrary values of the lesser productions: tokens, blanks, hosts, targets, field values, chunk extensions. */
import fc from 'fast-check'

interface Lengths {
  readonly minLength?: number
  readonly maxLength: number
}

/** Strings of the bytes of a class, as characters of latin1. */
export function bytesOf(accepts: (byte: number) => boolean, lengths: Lengths): fc.Arbitrary<string> {
  const units = Array.from({ length: 256 }, (_, byte) => byte)
    .filter(accepts)
    .map((byte) => String.fromCharCode(byte))
  return fc.string({ unit: fc.constantFrom(...units), ...lengths })
}

function matching(pattern: RegExp, lengths: Lengths): fc.Arbitrary<string> {
  return bytesOf((byte) => pattern.test(String.fromCharCode(byte)), lengths)
}

const isVisible = (byte: number): boolean => byte > 0x20 && byte !== 0x7f

export const anyBytes: fc.Arbitrary<string> = bytesOf(() => true, { minLength: 1, maxLength: 40 })
export const token: fc.Arbitrary<string> = matching(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/, {
  minLength: 1,
  maxLength: 12,
})
export const blank: fc.Arbitrary<string> = matching(/[ \t]/, { maxLength: 3 })

/** Words between blanks, obs-text among them; empty too. */
export const fieldValue: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(bytesOf(isVisible, { minLength: 1, maxLength: 12 }), { maxLength: 3 }),
    fc.constantFrom(' ', '\t', '  '),
  )
  .map(([words, between]) => words.join(between))

const encoded = fc.nat(255).map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
const regName = fc
  .array(fc.oneof(matching(/[-._~!$&'()*+;=0-9A-Za-z]/, { minLength: 1, maxLength: 8 }), encoded), {
    minLength: 1,
    maxLength: 4,
  })
  .map((pieces) => pieces.join(''))

/** A host without its port. */
export const hostName: fc.Arbitrary<string> = fc.oneof(
  regName,
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
)

const port = fc.oneof(
  fc.constantFrom('', ':'),
  fc.nat(65_535).map((number) => `:${number}`),
)
export const host: fc.Arbitrary<string> = fc.tuple(hostName, port).map((parts) => parts.join(''))

const targetChars = bytesOf((byte) => isVisible(byte) && byte < 0x7f && byte !== 0x23, { maxLength: 20 })
const originForm = targetChars.map((rest) => `/${rest}`)
const absoluteForm = fc
  .tuple(
    fc.constantFrom('http', 'https', 'HTTP', 'hTTps'),
    host,
    fc.oneof(
      fc.constant(''),
      originForm,
      targetChars.map((query) => `?${query}`),
    ),
  )
  .map(([scheme, authority, rest]) => `${scheme}://${authority}${rest}`)

const method = fc.oneof(
  fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS'),
  token.filter((name) => name !== 'CONNECT' && name !== 'TRACE'),
)

/** A method and a target in a form that it may have. */
export type Asked = readonly [method: string, target: string]

export const asked: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(method, originForm) },
  { weight: 3, arbitrary: fc.tuple(method, absoluteForm) },
  { weight: 1, arbitrary: fc.constant<Asked>(['OPTIONS', '*']) },
)

/** Authority form. A CONNECT is the last request of its connection, and has no body. */
export const tunnelAsked: fc.Arbitrary<Asked> = fc
  .tuple(hostName, fc.integer({ min: 1, max: 65_535 }))
  .map(([name, number]) => ['CONNECT', `${name}:${number}`])

/** Any mixture of capitals and small letters. */
export function anyCase(text: string): fc.Arbitrary<string> {
  return fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((ups) => [...text].map((char, i) => (ups[i] ? char.toUpperCase() : char.toLowerCase())).join(''))
}

const quoted = bytesOf((byte) => byte === 9 || byte === 0x20 || isVisible(byte), { maxLength: 8 }).map(
  (text) => `"${text.replace(/["\\]/g, '\\$&')}"`,
)
const assigned = fc
  .tuple(blank, blank, fc.oneof(token, quoted))
  .map(([before, after, value]) => `${before}=${after}${value}`)
const extension = fc
  .tuple(blank, blank, token, fc.oneof(fc.constant(''), assigned))
  .map(([before, after, name, value]) => `${before};${after}${name}${value}`)

export const extensions: fc.Arbitrary<string> = fc
  .array(extension, { maxLength: 2 })
  .map((pieces) => pieces.join(''))
