/** Law: the example of a Hono application starts as its header says, answers as Hono does, and ends as it is told. */
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { ask } from './web/http-client.ts'
import { root, watchWebProcess } from './web/web-process.ts'

const command = [process.execPath, ['--import', 'tsx', 'examples/hono.ts'], {}] as const

test.serial('it answers as its routes say', async (t) => {
  const { url, port, log } = await watchWebProcess(t, ...command, root, false)
  t.is(url, `http://127.0.0.1:${port}`)
  t.like(await ask(port, '/'), { status: 200, text: 'Hello Hono!' })

  const posts = await ask(port, '/api/posts?page=2', { headers: { origin: 'http://elsewhere' } })
  t.deepEqual(JSON.parse(posts.text), { page: '2', posts: [{ id: 1, title: 'Good evening' }] })
  t.is(posts.headers['access-control-allow-origin'], '*')

  const post = await ask(port, '/api/posts/1')
  t.deepEqual([post.status, post.headers['x-message']], [200, 'Hi!'])
  t.like(await ask(port, '/api/posts/7'), { status: 404, text: 'there is no post 7' })

  const body = Buffer.from('{"title":"Good night"}')
  const made = await ask(port, '/api/posts', { method: 'POST', body })
  t.deepEqual([made.status, JSON.parse(made.text)], [201, { id: 2, title: 'Good night' }])
  const broken = await ask(port, '/api/posts', { method: 'POST', body: Buffer.from('{"title') })
  t.is(broken.status, 400)
  t.regex(broken.text, /^The body is not JSON: /)
  t.like(await ask(port, '/nowhere'), { status: 404, text: 'Nothing here' })

  const where = JSON.parse((await ask(port, '/where')).text)
  t.like(where, { client: { transport: 'tcp', host: '127.0.0.1' } })
  t.regex(where.trace, /^00-[0-9a-f]{32}-[0-9a-f]{16}-/)
  t.is(log(), '')
})

test.serial('a port that is none is told in one line, with exit code 1', async (t) => {
  const [file, args] = command
  const { status, stderr } = spawnSync(file, args, { env: { ...process.env, PORT: 'abc' }, encoding: 'utf8' })
  t.is(status, 1)
  t.regex(stderr, /^Hono: "tcp:127\.0\.0\.1:abc" is no endpoint: [^\n]*\n$/)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test.serial(`${signal} lets it finish what is in flight, and ends it with exit code 0`, async (t) => {
    const { child, port, ended } = await watchWebProcess(t, ...command, root, false)
    const countdown = ask(port, '/countdown')
    await ask(port, '/')
    child.kill(signal)
    t.like(await countdown, { status: 200, text: '3\n2\n1\nLift-off!\n' })
    const { code, signal: killedBy, stdout, stderr } = await ended
    t.deepEqual([code, killedBy, stderr], [0, null, ''])
    t.regex(stdout, /^<-- GET \/countdown$/m)
  })
}
