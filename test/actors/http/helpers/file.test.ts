/** Files: what is sent of them, to whom, under which conditions; and that none stays open or shows where it is. */

import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, renameSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { System } from 'greenroom'
import { type FileOptions, file, type HttpResponse, type Respond, text } from 'greenroom/actors'
import { get, request, responses } from '../server.ts'
import { FileServer, MODIFIED } from './file-server.ts'

interface Setting {
  readonly options?: Omit<FileOptions, 'root'>
  readonly respond?: (root: () => string) => Respond<typeof System>
}

function serving(
  setting: Setting,
  body: (t: ExecutionContext, server: FileServer) => Promise<void>,
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const server: FileServer = new FileServer(
      setting.options,
      setting.respond?.(() => server.root),
    )
    await body(t, server)
    await server.end()
  }
}

const plain: Setting = {}
const LARGE = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 31 + (at >> 8)) % 251))
const STAMP = MODIFIED.toUTCString()

test(
  'a file is sent with its length, type, time and a strong tag',
  serving(plain, async (t, server) => {
    server.put('a.txt', 'hello\n')
    const { status, headers, body } = await server.get('/a.txt')
    t.is(status, 200)
    t.is(body, 'hello\n')
    t.like(headers, {
      'content-length': '6',
      'content-type': 'text/plain; charset=utf-8',
      'last-modified': STAMP,
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=0',
    })
    t.regex(headers.etag ?? '', /^"6-[0-9a-f]+"$/)
  }),
)

for (const [name, type] of [
  ['a.html', 'text/html; charset=utf-8'],
  ['a.css', 'text/css; charset=utf-8'],
  ['a.js', 'application/javascript; charset=utf-8'],
  ['a.mjs', 'application/javascript; charset=utf-8'],
  ['a.json', 'application/json; charset=utf-8'],
  ['a.svg', 'image/svg+xml'],
  ['a.png', 'image/png'],
  ['a.wasm', 'application/wasm'],
  ['a.unheard-of', 'application/octet-stream'],
  ['LICENSE', 'application/octet-stream'],
] as const) {
  test(
    `${name} is ${type}`,
    serving(plain, async (t, server) => {
      server.put(name, 'x')
      t.is((await server.get(`/${name}`)).headers['content-type'], type)
    }),
  )
}

test(
  'a large file comes whole and the connection lives on',
  serving(plain, async (t, server) => {
    server.put('large.bin', LARGE)
    const client = await server.connect()
    client.write(get('/large.bin') + get('/large.bin', 'Connection: close'))
    await client.until(({ hasEnded }) => hasEnded)
    const answers = responses(client)
    t.is(answers.length, 2)
    for (const { headers, body } of answers) {
      t.is(headers['content-length'], '1000000')
      t.true(Buffer.from(body, 'latin1').equals(LARGE))
    }
    client.close()
    await server.closed()
    t.pass()
  }),
)

test(
  'an empty file is an answer without content',
  serving(plain, async (t, server) => {
    server.put('empty.txt', '')
    t.like(await server.get('/empty.txt'), { status: 200, body: '', headers: { 'content-length': '0' } })
  }),
)

for (const size of [5, 1_000_000]) {
  test(
    `HEAD gets what GET gets, without the content (${size} bytes)`,
    serving(plain, async (t, server) => {
      server.put('a.txt', 'x'.repeat(size))
      const whole = await server.get('/a.txt')
      const head = await server.ask('HEAD', '/a.txt', 'Range: bytes=1-2')
      t.is(head.body, '')
      t.deepEqual({ ...head, body: undefined }, { ...whole, body: undefined })
      t.deepEqual(server.openFiles, [])
    }),
  )
}

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
  test(
    `${method} is not for files`,
    serving(plain, async (t, server) => {
      server.put('a.txt', 'x')
      t.like(await server.ask(method, '/a.txt'), { status: 405, headers: { allow: 'GET, HEAD' } })
    }),
  )
}

/** All below a folder that has `secret.txt` beside it. */
const nowhere: readonly [path: string, status: number][] = [
  ['/missing.txt', 404],
  ['/a.txt/b', 404],
  ['/a.txt/', 404],
  ['/../secret.txt', 404],
  ['/%2e%2e/secret.txt', 404],
  ['/%2E./secret.txt', 404],
  ['/..%2fsecret.txt', 404],
  ['/..%5csecret.txt', 404],
  ['/..\\secret.txt', 404],
  ['/folder/../a.txt', 404],
  ['/folder/./b.txt', 404],
  ['/./a.txt', 404],
  ['//a.txt', 404],
  ['/folder//b.txt', 404],
  ['/folder%2fb.txt', 404],
  ['/folder%5Cb.txt', 404],
  ['/a.txt%00', 400],
  ['/a.txt%00.html', 400],
  ['/%', 400],
  ['/%zz', 400],
  ['/%ff', 400],
  ['/.env', 404],
  ['/%2eenv', 404],
  ['/.git/config', 404],
  [`/${'x'.repeat(300)}`, 404],
  ['/folder/', 404],
  ['/pipe', 404],
  ['/away.txt', 404],
  ['/away/secret.txt', 404],
  ['/ring', 404],
]

function fill(server: FileServer): string {
  const inside = join(server.root, 'public')
  server.put('secret.txt', 'secret')
  for (const name of ['a.txt', 'folder/b.txt', '.env', '.git/config']) server.put(`public/${name}`, 'public')
  execFileSync('mkfifo', [join(inside, 'pipe')])
  symlinkSync('../secret.txt', join(inside, 'away.txt'))
  symlinkSync('..', join(inside, 'away'))
  symlinkSync('ring', join(inside, 'ring'))
  return inside
}

const inPublic = (options?: Omit<FileOptions, 'root'>): Setting => ({
  respond: (root) => (_ctx, request) =>
    file(request, request.path, { root: pathToFileURL(join(root(), 'public')), ...options }),
})

test(
  'a path leads to a file below the root or nowhere, and the answer shows nothing of the place',
  serving(inPublic(), async (t, server) => {
    const inside = fill(server)
    t.is((await server.get('/a.txt')).body, 'public')
    for (const [path, status] of nowhere) {
      const answer = await server.get(path)
      t.is(answer.status, status, path)
      t.is(answer.body, status === 404 ? 'Not Found\n' : 'Bad Request\n', path)
      t.false(JSON.stringify(answer).includes(inside), path)
    }
    t.deepEqual(server.logged, [])
  }),
)

test(
  'an encoded name is decoded once',
  serving(plain, async (t, server) => {
    server.put('ä b%20c?.txt', 'x')
    t.is((await server.get('/%C3%A4%20b%2520c%3F.txt')).status, 200)
    t.is((await server.get('/%C3%A4%20b%20c%3F.txt')).status, 404)
  }),
)

test(
  'dotfiles are forbidden or sent where that is said',
  serving(inPublic({ dotfiles: 'deny' }), async (t, server) => {
    fill(server)
    t.is((await server.get('/.env')).status, 403)
    t.is((await server.get('/.missing')).status, 403)
    t.is((await server.get('/a.txt')).status, 200)
  }),
)

test(
  'dotfiles may be allowed',
  serving(inPublic({ dotfiles: 'allow' }), async (t, server) => {
    fill(server)
    t.is((await server.get('/.git/config')).status, 200)
    t.is((await server.get('/../secret.txt')).status, 404)
  }),
)

test(
  'a link is followed below the root, and wherever it leads where that is said',
  serving(inPublic({ symlinks: 'follow' }), async (t, server) => {
    fill(server)
    t.is((await server.get('/away.txt')).body, 'secret')
    t.is((await server.get('/ring')).status, 404)
  }),
)

test(
  'the root may itself be a link, and links below it may stay below it',
  serving(
    {
      respond: (root) => (_ctx, request) => file(request, request.path, { root: join(root(), 'current') }),
    },
    async (t, server) => {
      server.put('release-1/a.txt', 'one')
      server.put('release-2/a.txt', 'two')
      symlinkSync('a.txt', join(server.root, 'release-2/b.txt'))
      symlinkSync('../release-1/a.txt', join(server.root, 'release-2/old.txt'))
      symlinkSync('release-2', join(server.root, 'current'))
      t.is((await server.get('/a.txt')).body, 'two')
      t.is((await server.get('/b.txt')).body, 'two')
      t.is((await server.get('/old.txt')).status, 404)
    },
  ),
)

const NOBODY = 65_534

// Serial, since root, who may read everything, is somebody else meanwhile.
test.serial(
  'what may not be read is forbidden, to HEAD too, and that is no failure of the server',
  serving(plain, async (t, server) => {
    server.put('a.txt', 'x')
    server.put('locked/b.txt', 'x')
    t.is((await server.get('/a.txt')).status, 200)
    const isRoot = process.getuid?.() === 0
    chmodSync(server.root, 0o755)
    chmodSync(join(server.root, 'a.txt'), 0)
    chmodSync(join(server.root, 'locked'), 0)
    if (isRoot) process.seteuid?.(NOBODY)
    try {
      for (const path of ['/a.txt', '/locked/b.txt']) {
        t.like(await server.get(path), { status: 403, body: 'Forbidden\n' })
        t.is((await server.ask('HEAD', path)).status, 403)
      }
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(join(server.root, 'locked'), 0o755)
    }
    t.deepEqual(server.logged, [])
  }),
)

test(
  'a folder is answered with its index, by its path with a slash',
  serving({ options: { index: ['index.html', 'index.txt'] } }, async (t, server) => {
    server.put('index.html', '<p>')
    server.put('docs/index.txt', 'docs')
    mkdirSync(join(server.root, 'bare'))
    t.like(await server.get('/'), { status: 200, body: '<p>' })
    t.like(await server.get('/docs/'), { status: 200, body: 'docs' })
    t.is((await server.get('/bare/')).status, 404)
    const { status, headers } = await server.get('/docs?a=b')
    t.is(status, 301)
    t.is(headers.location, './docs/?a=b')
    t.is(new URL(headers.location ?? '', 'http://a/docs?a=b').href, 'http://a/docs/?a=b')
  }),
)

test(
  'a redirect is right where a part of the path was cut off, and only where the client asked for the folder',
  serving(
    {
      respond: (root) => (_ctx, request) => {
        const path = request.path === '/other' ? '/docs' : request.path.replace('/static', '')
        return file(request, path, { root: root() })
      },
    },
    async (t, server) => {
      server.put('docs/index.html', 'docs')
      const { headers } = await server.get('/static/docs')
      t.is(new URL(headers.location ?? '', 'http://a/static/docs').pathname, '/static/docs/')
      t.is((await server.get('/other')).status, 404)
    },
  ),
)

test(
  'without an index folders are not found',
  serving({ options: { index: [] } }, async (t, server) => {
    server.put('docs/index.html', 'docs')
    for (const path of ['/docs', '/docs/', '/']) t.is((await server.get(path)).status, 404, path)
    t.is((await server.get('/docs/index.html')).status, 200)
  }),
)

test(
  'extensions are tried in order, for names without one',
  serving({ options: { extensions: ['html', 'txt'] } }, async (t, server) => {
    server.put('a.txt', 'text')
    server.put('b.html', 'html')
    server.put('b.txt', 'text')
    t.is((await server.get('/a')).body, 'text')
    t.is((await server.get('/b')).body, 'html')
    t.is((await server.get('/c')).status, 404)
    t.is((await server.get('/b.md')).status, 404)
  }),
)

test(
  'fields of the caller take the place of those that were found, and go with good answers only',
  serving(
    {
      options: {
        maxAgeMs: 60_000,
        immutable: true,
        headers: { 'Content-Type': 'text/x-own', 'x-a': 'b', 'content-language': 'en' },
      },
    },
    async (t, server) => {
      server.put('a.txt', 'x')
      const { headers } = await server.get('/a.txt')
      t.like(headers, {
        'cache-control': 'public, max-age=60, immutable',
        'content-type': 'text/x-own',
        'x-a': 'b',
      })
      const again = await server.get('/a.txt', `If-None-Match: ${headers.etag}`)
      t.like(again, {
        status: 304,
        headers: { 'x-a': 'b', 'cache-control': 'public, max-age=60, immutable' },
      })
      t.false('content-type' in again.headers || 'content-language' in again.headers)
      const missing = await server.get('/b.txt')
      t.is(missing.headers['x-a'], undefined)
      t.is(missing.headers['cache-control'], undefined)
    },
  ),
)

const ranges: readonly [range: string, status: number, contentRange: string | undefined, body: string][] = [
  ['bytes=0-0', 206, 'bytes 0-0/10', '0'],
  ['bytes=2-4', 206, 'bytes 2-4/10', '234'],
  ['bytes=7-', 206, 'bytes 7-9/10', '789'],
  ['bytes=7-99', 206, 'bytes 7-9/10', '789'],
  ['bytes=-3', 206, 'bytes 7-9/10', '789'],
  ['bytes=-99', 206, 'bytes 0-9/10', '0123456789'],
  ['bytes=0-', 206, 'bytes 0-9/10', '0123456789'],
  ['bytes=0-1,2-3', 206, 'bytes 0-3/10', '0123'],
  ['bytes=0-1,5-6', 200, undefined, '0123456789'],
  ['lines=0-1', 200, undefined, '0123456789'],
  ['bytes=10-', 416, 'bytes */10', 'Range Not Satisfiable\n'],
  ['bytes=-0', 416, 'bytes */10', 'Range Not Satisfiable\n'],
  ['bytes=5-2', 416, 'bytes */10', 'Range Not Satisfiable\n'],
]

test(
  'one range is sent as such, several as the whole, and none where there is nothing',
  serving(plain, async (t, server) => {
    server.put('a.txt', '0123456789')
    for (const [range, status, contentRange, body] of ranges) {
      const answer = await server.get('/a.txt', `Range: ${range}`)
      t.like(answer, { status, body }, range)
      t.is(answer.headers['content-range'], contentRange, range)
      t.is(answer.headers['content-length'], String(body.length), range)
    }
  }),
)

test(
  'a range of a large file is that range',
  serving(plain, async (t, server) => {
    server.put('large.bin', LARGE)
    const { headers, body } = await server.get('/large.bin', 'Range: bytes=100001-300000')
    t.is(headers['content-range'], 'bytes 100001-300000/1000000')
    t.true(Buffer.from(body, 'latin1').equals(LARGE.subarray(100_001, 300_001)))
  }),
)

const LATER = new Date(MODIFIED.getTime() + 60_000).toUTCString()
const EARLIER = new Date(MODIFIED.getTime() - 60_000).toUTCString()

/** `$` is the file's tag. */
const conditions: readonly [status: number, ...headers: string[]][] = [
  [304, 'If-None-Match: $'],
  [304, 'If-None-Match: W/$'],
  [304, 'If-None-Match: "x", $'],
  [304, 'If-None-Match: *'],
  [200, 'If-None-Match: "x"'],
  [200, 'If-None-Match: "x"', `If-Modified-Since: ${LATER}`],
  [304, `If-Modified-Since: ${STAMP}`],
  [304, `If-Modified-Since: ${LATER}`],
  [200, `If-Modified-Since: ${EARLIER}`],
  [200, 'If-Modified-Since: yesterday'],
  [200, 'If-None-Match: $', 'Cache-Control: no-cache'],
  [200, 'If-Match: $'],
  [200, 'If-Match: "x", $'],
  [200, 'If-Match: *'],
  [412, 'If-Match: "x"'],
  [412, 'If-Match: W/$'],
  [200, 'If-Match: $', `If-Unmodified-Since: ${EARLIER}`],
  [200, `If-Unmodified-Since: ${STAMP}`],
  [412, `If-Unmodified-Since: ${EARLIER}`],
  [206, 'Range: bytes=0-1', 'If-Range: $'],
  [200, 'Range: bytes=0-1', 'If-Range: W/$'],
  [200, 'Range: bytes=0-1', 'If-Range: "x"'],
  [206, 'Range: bytes=0-1', `If-Range: ${STAMP}`],
  [200, 'Range: bytes=0-1', `If-Range: ${LATER}`],
  [200, 'Range: bytes=0-1', `If-Range: ${EARLIER}`],
  [200, 'Range: bytes=99-', 'If-Range: "x"'],
  [412, 'Range: bytes=0-1', 'If-Match: "x"'],
]

test(
  'conditions are met, or say why not',
  serving(plain, async (t, server) => {
    server.put('a.txt', '0123456789')
    const { headers } = await server.get('/a.txt')
    for (const [status, ...fields] of conditions) {
      const asked = fields.map((field) => field.replace('$', headers.etag ?? ''))
      const answer = await server.get('/a.txt', ...asked)
      t.is(answer.status, status, fields.join(', '))
      if (status === 304) {
        t.is(answer.body, '')
        t.like(answer.headers, { etag: headers.etag, 'last-modified': STAMP })
      }
    }
    t.is((await server.get('/missing', 'If-Match: "x"')).status, 404)
  }),
)

test(
  'the tag of a file that was changed a moment ago is weak: it confirms, and joins no ranges',
  serving(plain, async (t, server) => {
    // The manual clock stands at 2000-01-01.
    const stamp = new Date('2000-01-01T00:00:00Z')
    server.put('a.txt', '0123456789', stamp)
    const { headers } = await server.get('/a.txt')
    t.regex(headers.etag ?? '', /^W\/"/)
    t.is((await server.get('/a.txt', `If-None-Match: ${headers.etag}`)).status, 304)
    const strong = headers.etag?.slice(2)
    t.is((await server.get('/a.txt', 'Range: bytes=0-1', `If-Range: ${strong}`)).status, 200)
    t.is((await server.get('/a.txt', 'Range: bytes=0-1', `If-Range: ${stamp.toUTCString()}`)).status, 200)
    t.is((await server.get('/a.txt', `If-Match: ${strong}`)).status, 412)
  }),
)

// Serial, since what the others hold would count too.
test.serial(
  'a slow client does not make us read ahead',
  serving(plain, async (t, server) => {
    server.put('huge.bin', Buffer.alloc(20_000_000, 'x'))
    const client = await server.connect({ windowBytes: 1_000 })
    client.write(get('/huge.bin', 'Connection: close'))
    const before = process.memoryUsage().arrayBuffers
    await client.until(({ received }) => received.length >= 1_000)
    t.deepEqual(server.openFiles, ['huge.bin'])
    t.true(process.memoryUsage().arrayBuffers - before < 5_000_000)
    client.drain()
    await client.until(({ hasEnded }) => hasEnded)
    t.is(responses(client)[0]?.body.length, 20_000_000)
    client.close()
  }),
)

for (const ending of ['close', 'reset'] as const) {
  test(
    `the file is closed when the client leaves in the middle (${ending})`,
    serving(plain, async (t, server) => {
      server.put('huge.bin', Buffer.alloc(20_000_000, 'x'))
      const client = await server.connect({ windowBytes: 1_000 })
      client.write(get('/huge.bin'))
      await client.until(({ received }) => received.length >= 1_000)
      t.is(server.openFiles.length, 1)
      client[ending]()
      if (ending === 'close') client.drain()
      await server.closed()
      t.deepEqual(server.logged, [])
    }),
  )
}

type Keeping = (root: () => string, kept: HttpResponse[]) => Respond<typeof System>

const unsent: readonly [title: string, respond: Keeping][] = [
  [
    'is not returned',
    (root, kept) => async (_ctx, request) => {
      kept.push(await file(request, '/large.bin', { root: root() }))
      return text('other')
    },
  ],
  [
    'is lost to a failure',
    (root, kept) => async (_ctx, request) => {
      kept.push(await file(request, '/large.bin', { root: root() }))
      throw new Error('on purpose')
    },
  ],
  [
    'is made when the client has gone',
    (root, kept) => async (ctx, request) => {
      await new Promise<void>((resolve) => void ctx.onCancel(() => resolve()))
      const response = await file(request, '/large.bin', { root: root() })
      kept.push(response)
      return response
    },
  ],
]

for (const [title, respond] of unsent) {
  // What is kept is not collected as garbage, which closes files too.
  const kept: HttpResponse[] = []
  test(
    `the file of an answer that ${title} is closed when the request ends`,
    serving({ respond: (root) => respond(root, kept) }, async (t, server) => {
      server.put('large.bin', LARGE)
      const client = await server.connect()
      client.write(get('/'))
      if (title.includes('gone')) {
        client.reset()
        while (kept.length === 0) await new Promise((resolve) => setImmediate(resolve))
      } else {
        await client.until(({ text }) => text.includes('\r\n\r\n'))
      }
      await server.closed()
      t.is(kept.length, 1)
      client.close()
    }),
  )
}

test(
  'neither HEAD nor a condition leaves a file open',
  serving(plain, async (t, server) => {
    server.put('large.bin', LARGE)
    const { headers } = await server.ask('HEAD', '/large.bin')
    for (const field of [`If-None-Match: ${headers.etag}`, 'If-Match: "x"', 'Range: bytes=1000000-']) {
      t.true((await server.get('/large.bin', field)).status > 300)
      t.deepEqual(server.openFiles, [])
    }
  }),
)

test(
  'a file that becomes shorter while it is sent breaks the connection: the client must not think that it has the whole',
  serving(plain, async (t, server) => {
    server.put('huge.bin', Buffer.alloc(5_000_000, 'x'))
    const client = await server.connect({ windowBytes: 1_000 })
    client.write(get('/huge.bin', 'Connection: close'))
    await client.until(({ received }) => received.length >= 1_000)
    truncateSync(join(server.root, 'huge.bin'), 2_000_000)
    client.drain()
    await t.throwsAsync(Promise.resolve(client.until(({ hasEnded }) => hasEnded)), { code: 'ECONNRESET' })
    t.is(responses(client)[0]?.headers['content-length'], '5000000')
    t.deepEqual(
      server.logged.map(({ level, code }) => [level, code]),
      [['error', 'HTTP_FILE_SHRANK']],
    )
  }),
)

test(
  'of a file that grows while it is sent the announced bytes are sent, and the connection lives on',
  serving(plain, async (t, server) => {
    server.put('log.txt', 'x'.repeat(1_000_000))
    const client = await server.connect({ windowBytes: 1_000 })
    client.write(get('/log.txt') + get('/missing', 'Connection: close'))
    await client.until(({ received }) => received.length >= 1_000)
    appendFileSync(join(server.root, 'log.txt'), 'y'.repeat(1_000_000))
    client.drain()
    await client.until(({ hasEnded }) => hasEnded)
    const [log, missing] = responses(client)
    t.is(log?.body, 'x'.repeat(1_000_000))
    t.is(missing?.status, 404)
    client.close()
  }),
)

test(
  'a file that is replaced by renaming is sent as it was to whom it is being sent',
  serving(plain, async (t, server) => {
    server.put('a.bin', LARGE)
    server.put('b.bin', 'new')
    const client = await server.connect({ windowBytes: 1_000 })
    client.write(get('/a.bin', 'Connection: close'))
    await client.until(({ received }) => received.length >= 1_000)
    renameSync(join(server.root, 'b.bin'), join(server.root, 'a.bin'))
    t.is((await server.get('/a.bin')).body, 'new')
    client.drain()
    await client.until(({ hasEnded }) => hasEnded)
    t.true(Buffer.from(responses(client)[0]?.body ?? '', 'latin1').equals(LARGE))
    client.close()
  }),
)

const wrong: readonly FileOptions[] = [
  { root: '' },
  { root: undefined as never },
  { root: 'x', maxAgeMs: -1 },
  { root: 'x', maxAgeMs: Number.NaN },
  { root: 'x', dotfiles: 'show' as never },
  { root: 'x', symlinks: true as never },
]

test('options that cannot work are refused before anything is looked at', async (t) => {
  for (const options of wrong) {
    await t.throwsAsync(file({ method: 'GET' } as never, '/a', options), { code: 'HTTP_FILE_OPTION' })
  }
  await t.throwsAsync(
    file({ method: 'GET' } as never, '/a', { root: 'x', headers: { 'content-length': 1 } }),
    {
      code: 'HTTP_HEADER_RESERVED',
    },
  )
})

test(
  'pipelined requests for files are answered in order',
  serving(plain, async (t, server) => {
    for (let at = 0; at < 20; at++) server.put(`${at}.txt`, `file ${at}`)
    const client = await server.connect()
    const paths = Array.from({ length: 20 }, (_, at) => `/${at}.txt`)
    client.write(paths.map((path) => get(path)).join('') + request('GET', '/0.txt', ['Connection: close']))
    await client.until(({ hasEnded }) => hasEnded)
    t.deepEqual(
      responses(client).map(({ body }) => body),
      [...paths.map((_, at) => `file ${at}`), 'file 0'],
    )
    client.close()
  }),
)
