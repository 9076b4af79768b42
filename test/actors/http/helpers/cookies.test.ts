/** Cookies: read as a record that nothing can poison, and written so that browsers keep them and nobody else gets them. */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import {
  type CookieOptions,
  type Cookies,
  clearCookie,
  cookies,
  type HttpRequest,
  setCookie,
  text,
} from 'greenroom/actors'
import { get, served } from '../server.ts'

/** What a handler finds in these `cookie` fields. */
async function found(t: ExecutionContext, ...fields: string[]): Promise<Cookies> {
  let seen: HttpRequest | undefined
  await served(
    {
      respond(_ctx, request) {
        seen = request
        return text('')
      },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/', ...fields.map((field) => `Cookie: ${field}`)))
      t.is(response?.status, 200)
    },
  )(t)
  return cookies(seen as HttpRequest)
}

const headers: readonly [fields: string[], record: Record<string, string>][] = [
  [[], {}],
  [['a=1'], { a: '1' }],
  [['a=1; b=2'], { a: '1', b: '2' }],
  [['a=1', 'b=2'], { a: '1', b: '2' }],
  [['a=first; a=second'], { a: 'first' }],
  [['a=b=c'], { a: 'b=c' }],
  [['a=; b'], { a: '' }],
  [['a="quoted"'], { a: '"quoted"' }],
  [['a=%C3%A4%3B'], { a: 'ä;' }],
  [['a=%zz'], { a: '%zz' }],
  [['  a = 1 ;b=2;;;'], { a: '1', b: '2' }],
]

test('cookies come as a record by name; of a name that comes twice the first counts', async (t) => {
  for (const [fields, record] of headers) t.deepEqual({ ...(await found(t, ...fields)) }, record)
})

test('no name of a cookie reaches a prototype, and no name that was not sent is found', async (t) => {
  const record = await found(t, '__proto__=x; constructor=y; toString=z')
  t.is(record.constructor as unknown, 'y')
  t.is(Object.getOwnPropertyDescriptor(record, '__proto__')?.value, 'x')
  t.is(({} as Record<string, unknown>).x, undefined)
  t.is((await found(t)).toString as unknown, undefined)
})

test('the record is the same each time, and cannot be changed', async (t) => {
  let records: Cookies[] = []
  await served(
    {
      respond(_ctx, request) {
        records = [cookies(request), cookies(request)]
        return text('')
      },
    },
    async (_t, server) => {
      await server.ask(get('/', 'Cookie: a=1'))
    },
  )(t)
  t.is(records[0], records[1])
  t.throws(() => {
    ;(records[0] as Record<string, string>).b = '2'
  })
})

const written: readonly [name: string, value: string, options: CookieOptions | undefined, text: string][] = [
  ['a', '1', undefined, 'a=1; Path=/; HttpOnly; SameSite=Lax'],
  ['a', '', undefined, 'a=; Path=/; HttpOnly; SameSite=Lax'],
  ['a', 'x; y=ä', undefined, 'a=x%3B%20y%3D%C3%A4; Path=/; HttpOnly; SameSite=Lax'],
  ['a', '1', { maxAgeMs: 1_500 }, 'a=1; Max-Age=2; Path=/; HttpOnly; SameSite=Lax'],
  ['a', '1', { httpOnly: false, sameSite: 'strict' }, 'a=1; Path=/; SameSite=Strict'],
  [
    'a',
    '1',
    { secure: true, sameSite: 'none', partitioned: true },
    'a=1; Path=/; HttpOnly; Secure; Partitioned; SameSite=None',
  ],
  [
    'a',
    '1',
    { path: '/shop', domain: 'example.com' },
    'a=1; Domain=example.com; Path=/shop; HttpOnly; SameSite=Lax',
  ],
  ['__Host-a', '1', { secure: true }, '__Host-a=1; Path=/; HttpOnly; Secure; SameSite=Lax'],
  ['__Secure-a', '1', { secure: true, path: '/x' }, '__Secure-a=1; Path=/x; HttpOnly; Secure; SameSite=Lax'],
]

test('what is not said is safe', (t) => {
  for (const [name, value, options, text] of written) t.is(setCookie(name, value, options), text)
})

test('a cookie is cleared in the scope in which it was set', (t) => {
  t.is(clearCookie('a'), 'a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
  t.is(
    clearCookie('a', { path: '/shop', domain: 'example.com' }),
    'a=; Max-Age=0; Domain=example.com; Path=/shop; HttpOnly; SameSite=Lax',
  )
  t.is(
    clearCookie('__Host-a', { secure: true }),
    '__Host-a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
  )
  t.throws(() => clearCookie('__Host-a'), { code: 'HTTP_COOKIE_INSECURE' })
})

const refused: readonly [code: string, name: string, value: unknown, options: unknown][] = [
  ['HTTP_COOKIE_INVALID', '', '1', {}],
  ['HTTP_COOKIE_INVALID', 'a b', '1', {}],
  ['HTTP_COOKIE_INVALID', 'a=b', '1', {}],
  ['HTTP_COOKIE_INVALID', 'a;b', '1', {}],
  ['HTTP_COOKIE_INVALID', 'a\r\nb', '1', {}],
  ['HTTP_COOKIE_INVALID', 'ä', '1', {}],
  ['HTTP_COOKIE_INVALID', 'a', undefined, {}],
  ['HTTP_COOKIE_INVALID', 'a', 7, {}],
  ['HTTP_COOKIE_INVALID', 'a', '\ud800', {}],
  ['HTTP_COOKIE_INVALID', 'a', '1', { path: 'shop' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { path: '/a;b' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { path: '/\r\nx: y' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { domain: 'a b' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { domain: 'a.b; Secure' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { sameSite: 'never' }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { maxAgeMs: -1 }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { maxAgeMs: Number.NaN }],
  ['HTTP_COOKIE_INVALID', 'a', '1', { maxAgeMs: Number.POSITIVE_INFINITY }],
  ['HTTP_COOKIE_INSECURE', 'a', '1', { sameSite: 'none' }],
  ['HTTP_COOKIE_INSECURE', 'a', '1', { partitioned: true }],
  ['HTTP_COOKIE_INSECURE', '__Secure-a', '1', {}],
  ['HTTP_COOKIE_INSECURE', '__Host-a', '1', {}],
  ['HTTP_COOKIE_INSECURE', '__host-a', '1', {}],
  ['HTTP_COOKIE_INSECURE', '__Host-a', '1', { secure: true, path: '/x' }],
  ['HTTP_COOKIE_INSECURE', '__Host-a', '1', { secure: true, domain: 'example.com' }],
  ['HTTP_COOKIE_TOO_LARGE', 'a', 'x'.repeat(4096), {}],
]

test('what a browser would drop, or another could read, is refused where it is made', (t) => {
  for (const [code, name, value, options] of refused) {
    const error = t.throws(() => setCookie(name, value as string, options as CookieOptions), { code })
    t.is(error?.name, 'UsageError')
  }
  t.is(setCookie('a', 'x'.repeat(4095)).length, 4097 + '; Path=/; HttpOnly; SameSite=Lax'.length)
})

test('a value stays out of the message: it may be a secret', (t) => {
  const error = t.throws(() => setCookie('a', 'hush', { domain: 'a b' }))
  t.false(error?.message.includes('hush'))
})

test('whatever is set comes back as it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 100 }), async (value) => {
      const pair = setCookie('a', value).split(';')[0] as string
      const request = { headers: { get: () => pair } } as unknown as HttpRequest
      t.is(cookies(request).a, value)
    }),
    { numRuns: 300 },
  )
})

test('several cookies leave as several fields', async (t) => {
  await served(
    { respond: () => text('x', { headers: { 'set-cookie': [setCookie('a', '1'), setCookie('b', '2')] } }) },
    async (t, server) => {
      const client = await server.send(get('/'))
      t.deepEqual(client.text.match(/^set-cookie: .=./gm), ['set-cookie: a=1', 'set-cookie: b=2'])
    },
  )(t)
})
