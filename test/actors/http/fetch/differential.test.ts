/** Law: the same application gives the same answers through us and through @hono/node-server, over real sockets. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { request as ask } from 'node:http'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { createSystem } from 'greenroom'
import { http, listen } from 'greenroom/actors'
import { createHonoApp } from './hono-app.ts'

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
  /** Sent in chunks, without a length. */
  readonly isChunked?: boolean
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const json = { 'content-type': 'application/json' }
const multipart = [
  '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
  '--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n--x--\r\n',
].join('')

const asked: readonly [path: string, asked?: Asked][] = [
  ['/'],
  ['/hello'],
  ['/hello', { method: 'HEAD' }],
  ['/html'],
  ['/json/1?q=a%20b'],
  ['/json/%C3%BC%2F'],
  ['/json/1', { method: 'HEAD' }],
  ['/empty'],
  ['/bytes'],
  ['/away'],
  ['/url?a=b&c'],
  ['/a/../url'],
  ['/./url/'],
  ['/url?\'<>"|`'],
  ['//url'],
  ['/headers', { headers: { 'X-A': ['1', '2'], cookie: 'a=1; b=2' } }],
  ['/late-header'],
  ['/cookies', { headers: { cookie: 'in=1' } }],
  ['/secure/page'],
  ['/cors/it', { headers: { origin: 'http://here' } }],
  ['/cors/it', { method: 'POST', headers: { origin: 'http://there' }, body: '' }],
  [
    '/cors/it',
    { method: 'OPTIONS', headers: { origin: 'http://here', 'access-control-request-method': 'PUT' } },
  ],
  ['/limited', { method: 'POST', body: 'short' }],
  ['/limited', { method: 'POST', body: 'much too long' }],
  ['/limited', { method: 'POST', body: 'short', isChunked: true }],
  ['/limited', { method: 'POST', body: 'much too long', isChunked: true }],
  ['/override/it', { method: 'POST', headers: form, body: '_method=DELETE&a=1' }],
  [
    '/override/it',
    {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: multipart.replace('name="a"\r\n\r\n1', 'name="_method"\r\n\r\nDELETE'),
    },
  ],
  ['/override-header/it', { method: 'POST', headers: { 'x-method': 'PUT' }, body: 'abc' }],
  ['/override-query/it?_method=PATCH&q=1', { method: 'POST', body: 'abc' }],
  ['/private/page'],
  ['/private/page', { headers: { authorization: `Basic ${btoa('ada:lovelace')}` } }],
  ['/private/page', { headers: { authorization: `Basic ${btoa('ada:byron')}` } }],
  ['/etag/page'],
  ['/etag/page', { headers: { 'if-none-match': '*' } }],
  ['/etag/stream'],
  ['/pretty?pretty'],
  ['/compressed/text', { headers: { 'accept-encoding': 'gzip' } }],
  ['/compressed/text'],
  ['/compressed/small', { headers: { 'accept-encoding': 'gzip' } }],
  ['/csrf', { method: 'POST', headers: { ...form, origin: 'http://elsewhere' }, body: 'a=1' }],
  ['/powered'],
  ['/slow'],
  ['/form', { method: 'POST', headers: form, body: 'a=1&b=%C3%BC&a=2' }],
  [
    '/form',
    { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: multipart },
  ],
  ['/form', { method: 'POST', body: 'no form' }],
  ['/valid', { method: 'POST', headers: json, body: '{"name":"a"}' }],
  ['/valid', { method: 'POST', headers: json, body: '{"name":1}' }],
  ['/valid', { method: 'POST', headers: json, body: '{' }],
  ['/twice', { method: 'POST', headers: json, body: '{"a":1}' }],
  ['/raw', { method: 'POST', body: 'ü'.repeat(100_000) }],
  ['/raw', { method: 'POST', body: '' }],
  ['/echo', { method: 'POST', body: 'abc' }],
  ['/echo', { method: 'POST', body: 'x'.repeat(1_000_000), isChunked: true }],
  ['/forwarded', { method: 'POST', body: 'abc' }],
  ['/stream'],
  ['/text-stream'],
  ['/events'],
  ['/refused'],
  ['/broken'],
  ['/static/types/same.ts'],
  ['/static/types/same.ts', { method: 'HEAD' }],
  ['/static/types/same.ts', { headers: { range: 'bytes=1-5' } }],
  ['/static/nowhere'],
  ['/mounted/a/b?c'],
  ['/nowhere'],
  ['/hello', { method: 'PROPFIND' }],
  ['/hello/', {}],
]

interface Answer {
  readonly status: number | undefined
  readonly headers: readonly string[]
  readonly body: string
}

/** How the message is framed, and when. That is the server's, and the body that comes out is compared instead. */
const framing = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

function send(
  port: number,
  path: string,
  { method = 'GET', headers, body, isChunked }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = ask({
      port,
      host: '127.0.0.1',
      path,
      method,
      headers: { host: 'a.example', ...headers },
      agent: false,
    })
    if (body !== undefined && isChunked !== true) request.setHeader('content-length', Buffer.byteLength(body))
    request.on('error', reject)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const lines: string[] = []
        for (let i = 0; i < response.rawHeaders.length; i += 2) {
          const name = (response.rawHeaders[i] as string).toLowerCase()
          // Theirs writes a space that the Fetch standard does not.
          if (!framing.has(name))
            lines.push(`${name}: ${response.rawHeaders[i + 1]}`.replace('; charset', ';charset'))
        }
        const text = Buffer.concat(pieces).toString('latin1')
        resolve({ status: response.statusCode, headers: lines.sort(), body: text })
      })
    })
    if (isChunked === true) request.write(body)
    request.end(isChunked === true ? undefined : body)
  })
}

/** Theirs calls text whatever was given no type. Fetch guesses only where the body is one. */
function withoutGuess(theirs: Answer, ours: Answer): Answer {
  if (ours.headers.some((line) => line.startsWith('content-type:'))) return theirs
  return {
    ...theirs,
    headers: theirs.headers.filter((line) => line !== 'content-type: text/plain;charset=UTF-8'),
  }
}

const root = relative(process.cwd(), fileURLToPath(new URL('../../..', import.meta.url)))

/** Their server, and how to end it: it then tells what its logger wrote. */
async function theirs(t: ExecutionContext) {
  const program = fileURLToPath(new URL('node-server.ts', import.meta.url))
  const child = fork(program, [root], { execArgv: ['--import', 'tsx'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  async function end() {
    child.send('end')
    const [{ lines }] = (await once(child, 'message')) as [{ lines: string[] }]
    return lines
  }
  return { port, end }
}

test('the same requests get the same statuses, fields and bodies', async (t) => {
  const other = await theirs(t)
  const { app, lines } = createHonoApp(root)
  const system = createSystem()
  t.teardown(() => system.stop())
  const { port } = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({ fetch: app.fetch }),
  })
  const answers: unknown[] = []
  const expected: unknown[] = []
  for (const [path, how] of asked) {
    const title = `${how?.method ?? 'GET'} ${path} ${JSON.stringify(how?.headers ?? {})}`
    const answer = await send(port as number, path, how)
    answers.push([title, answer])
    expected.push([title, withoutGuess(await send(other.port, path, how), answer)])
  }
  t.deepEqual(answers, expected)
  const timeless = (lines: readonly string[]) => lines.map((line) => line.replace(/\S+$/, ''))
  t.deepEqual(timeless(lines), timeless(await other.end()))
})
