/** Law: a request's URL is what `new URL` makes of its host and target, whether or not that had to be asked. */
import test from 'ava'
import fc from 'fast-check'
import type { TlsSession } from 'greenroom'
import { HttpError } from 'greenroom/actors'
import { HeaderFields } from '../../../../actors/http/codec/headers.ts'
import { isHost } from '../../../../actors/http/codec/host.ts'
import { urlOf } from '../../../../actors/http/fetch/request-url.ts'

type Local = { readonly transport: 'tcp'; readonly host: string; readonly port: number }
const here: Local = { transport: 'tcp', host: '127.0.0.1', port: 8080 }

function url(
  target: string,
  host?: string,
  local: Local | { transport: 'unix'; path: string } = here,
  tls?: TlsSession,
): string {
  const headers = new HeaderFields()
  if (host !== undefined) {
    headers.append(`Host: ${host}`)
    headers.add(0, 4, 6, 6 + host.length)
  }
  return urlOf({ target, headers, local, tls })
}

/** What a request line can hold, odd characters as often as plain ones. */
const targetChar = fc.oneof(
  fc.constantFrom(...'abcXYZ019-._~!$&\'()*+,;=:@/?%"<>\\^`{|}[]'),
  fc.constantFrom('/', '/', '.', '/..', '/.', '%2e', '%2E', '%41', '%c3%a4', '%', '%zz', '//', '?', "'"),
)
const target = fc.array(targetChar, { maxLength: 12 }).map((parts) => `/${parts.join('')}`)

const label = fc
  .array(fc.constantFrom(...'abcXYZ019-_%'), { minLength: 1, maxLength: 6 })
  .map((c) => c.join(''))
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const host = fc
  .tuple(
    fc.oneof(
      name,
      fc.constantFrom(
        'localhost',
        'EXAMPLE.org',
        '127.0.0.1',
        '127.1',
        '0x7f.1',
        '1.2.3.4.',
        '256.1.1.1',
        '1.2.3.4.5',
      ),
      fc.constantFrom(
        '[::1]',
        '[2001:DB8:0:0::1]',
        '[::ffff:1.2.3.4]',
        'xn--bcher-kva.de',
        'xn--a',
        'a%41',
        'a%2fb',
        'a..b',
      ),
      fc.constantFrom('a!b', "a'b", 'a;b', 'a=b', 'a&b', 'a(b', 'a*b', 'a~b', 'a+b', '%E4%BD%A0'),
    ),
    fc.constantFrom('', ':', ':80', ':0080', ':8080', ':443', ':65535', ':0'),
  )
  .map(([text, port]) => text + port)
  .filter(isHost)

function expected(text: string): string | undefined {
  try {
    return new URL(text).href
  } catch {
    return undefined
  }
}

const property = (t: { notThrows(run: () => void): void }, run: fc.IProperty<unknown>, numRuns: number) =>
  t.notThrows(() => fc.assert(run, { numRuns }))

test('any target of any host', (t) => {
  property(
    t,
    fc.property(target, host, (target, host) => {
      const href = expected(`http://${host}${target}`)
      if (href !== undefined) return url(target, host) === href
      return fc.pre(false)
    }),
    20_000,
  )
})

test('any absolute target', (t) => {
  property(
    t,
    fc.property(fc.constantFrom('http', 'HTTP', 'https'), host, fc.option(target), (scheme, host, target) => {
      const text = `${scheme}://${host}${target ?? ''}`
      const href = expected(text)
      if (href !== undefined) return url(text, 'other') === href
      return fc.pre(false)
    }),
    5_000,
  )
})

test('plain targets are not parsed, and come out as they are', (t) => {
  const plain = [
    '/',
    '/hello',
    '/a/b.c/d..e/.well-known/...?q=1&r=%20/../.&s=(a)',
    '//double//slashes',
    '/%41%c3',
    '/a?b?c',
    '/users/@me:1;v=2,3',
  ]
  for (const target of plain) t.is(url(target, 'a.example'), `http://a.example${target}`)
  t.is(url('/a/%2e./b?/../', 'A'), 'http://a/b?/../')
})

test('a request that names no host was sent to where it arrived', (t) => {
  t.is(url('/a'), 'http://127.0.0.1:8080/a')
  t.is(url('/a', undefined, { transport: 'tcp', host: '::1', port: 80 }), 'http://[::1]/a')
  t.is(url('/a', undefined, { transport: 'unix', path: '/run/a' }), 'http://localhost/a')
})

test('the asterisk stands for the server, which has no path', (t) => {
  t.is(url('*', 'a:81'), 'http://a:81/')
})

test('a target with a host outranks the field', (t) => {
  t.is(url('http://b/c', 'a'), 'http://b/c')
})

for (const [title, target, host, code] of [
  ['a host that no URL can have', '/', '1.2.3.4.5', 'HTTP_HOST_INVALID'],
  ['a host that would be another when decoded', '/', 'a%2fb', 'HTTP_HOST_INVALID'],
  ['an absolute target that is no URL', 'http://1.2.3.4.5/', 'a', 'HTTP_TARGET_INVALID'],
] as const) {
  test(`refuses ${title}`, (t) => {
    t.like(
      t.throws(() => url(target, host), { instanceOf: HttpError }),
      { code, status: 400 },
    )
  })
}

test('any number of hosts is served', (t) => {
  for (let i = 0; i < 1_000; i++) t.is(url('/', `h${i}`), `http://h${i}/`)
  t.is(url('/', 'h0'), 'http://h0/')
})

test('what came over TLS was asked of https', (t) => {
  const tls: TlsSession = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: 'http/1.1',
    serverName: 'a',
    isResumed: false,
    peerCertificate: undefined,
    trouble: undefined,
  }
  t.is(url('/b?c', 'A', here, tls), 'https://a/b?c')
  t.is(url('/', 'a:443', here, tls), 'https://a/')
  t.is(url('/', 'a:443'), 'http://a:443/')
  t.is(url('/', undefined, here, tls), 'https://127.0.0.1:8080/')
})
