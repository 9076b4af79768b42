/** Law: the process says in one line where it is or why it is not, and ends as it is told. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ask } from './http-client.ts'
import { post } from './ledger-client.ts'
import { type Environment, root, START, startWebProcess, watchWebProcess } from './web-process.ts'

test.serial('npm start serves, says where in a line each, and drains with exit code 0', async (t) => {
  const web = await watchWebProcess(t, 'npm', ['--silent', 'start'], {})
  t.is((await ask(web.port, '/hello')).text, 'Hello, World!')
  const exited = once(web.child, 'exit')
  web.child.kill('SIGTERM')
  t.deepEqual(await exited, [0, null])
  t.is(
    (await web.ended).stdout,
    `greenroom web server on http://127.0.0.1:${web.port}\ngreenroom chat on tcp:127.0.0.1:${web.chatPort}\n`,
  )
})

test.serial('npm start in a fresh clone keeps its ledger in ledger.db, which git does not see', async (t) => {
  const clone = mkdtempSync(join(tmpdir(), 'greenroom-clone-'))
  t.teardown(() => rmSync(clone, { recursive: true, force: true }))
  for (const name of ['node_modules', 'package.json', 'tsconfig.json', 'runtime', 'actors', 'examples'])
    symlinkSync(join(root, name), join(clone, name))
  const wanted = { id: 'kept', from: 'a001', to: 'a002', amount: 1 }
  for (const status of [201, 200]) {
    const web = await watchWebProcess(t, 'npm', ['--silent', 'start'], { DATABASE_FILE: undefined }, clone)
    t.is((await post(web.port, wanted)).status, status)
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n')
    for (const file of readdirSync(clone).filter((file) => file.startsWith('ledger')))
      t.true(ignored.includes('ledger.db*') && file.startsWith('ledger.db'), file)
    const exited = once(web.child, 'exit')
    web.child.kill('SIGTERM')
    t.deepEqual(await exited, [0, null])
    await web.ended
  }
  t.true(existsSync(join(clone, 'ledger.db')))
})

// Without `exec` a shell stands between npm and the server: it takes the signal that npm passes on, and the server
// goes on without either.
test('npm starts it in place of its shell, and otherwise as these tests do', (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  t.is(scripts.start, `exec node ${START.join(' ')}`)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test.serial(`${signal} ends it with exit code 0 and not a word`, async (t) => {
    const web = await startWebProcess(t)
    web.child.kill(signal)
    const { code, signal: killedBy, stderr } = await web.ended
    t.deepEqual([code, killedBy, stderr], [0, null, ''])
  })
}

test.serial('a second signal ends it at once, with the code that shells give to it', async (t) => {
  const web = await startWebProcess(t)
  const unanswered = t.throwsAsync(ask(web.port, '/after/60000'))
  const later = once(web.child, 'exit')
  await ask(web.port, '/hello')
  web.child.kill('SIGTERM')
  // Signals that come as one, as npm's and the terminal's do, count as one: so it is told until it listens.
  const again = setInterval(() => web.child.kill('SIGINT'), 100)
  t.teardown(() => clearInterval(again))
  t.deepEqual(await later, [130, null])
  await unanswered
})

test.serial('logs a line for each request', async (t) => {
  const web = await startWebProcess(t, { LOG_LEVEL: 'info' })
  await ask(web.port, '/hello')
  await ask(web.port, '/nowhere', { method: 'PUT' })
  web.child.kill('SIGTERM')
  const { stderr } = await web.ended
  const lines = stderr.trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(
    records.map(({ level, msg, status }) => ({ level, msg, status })),
    [
      { level: 'info', msg: 'GET /hello', status: 200 },
      { level: 'info', msg: 'PUT /nowhere', status: 404 },
    ],
  )
  for (const { ms } of records) t.true(typeof ms === 'number' && ms >= 0)
})

const refusals = [
  { env: { PORT: 'http' }, says: /"tcp:127\.0\.0\.1:http" is no endpoint: .* port from 0 to 65535/ },
  { env: { PORT: '65536' }, says: /65536" is no endpoint/ },
  { env: { PORT: '-1' }, says: /-1" is no endpoint/ },
  { env: { PORT: '' }, says: /"tcp:127\.0\.0\.1:" is no endpoint/ },
  { env: { CHAT_PORT: 'chat' }, says: /"tcp:127\.0\.0\.1:chat" is no endpoint/ },
  {
    env: { HOST: 'nowhere.invalid' },
    says: /cannot listen on tcp:nowhere\.invalid:0: .*(ENOTFOUND|EAI_AGAIN)/,
  },
  { env: { HOST: '192.0.2.1' }, says: /cannot listen on tcp:192\.0\.2\.1:0: .*EADDRNOTAVAIL/ },
  { env: { HOST: 'two words' }, says: /"tcp:two words:0" is no endpoint/ },
  {
    env: { DATABASE_FILE: '/nowhere/ledger.db' },
    says: /DATABASE_FILE: cannot open \/nowhere\/ledger\.db: /,
  },
  { env: { DATABASE_FILE: '' }, says: /DATABASE_FILE: option file of sqlite must be a path/ },
  {
    env: { DATABASE_FILE: 'package.json' },
    says: /DATABASE_FILE: cannot open package\.json: file is not a /,
  },
  { env: { DATABASE_URL: '' }, says: /DATABASE_URL: .* postgres:\/\/user@host:port\/database/ },
  {
    env: { DATABASE_URL: 'mysql://secret@a/b' },
    says: /DATABASE_URL: (?!.*secret).* and not what was given/,
  },
  { env: { DATABASE_URL: 'postgres://127.0.0.1:1/a' }, says: /DATABASE_URL: no connection .*ECONNREFUSED/ },
  { env: { LOG_LEVEL: 'loud' }, says: /LOG_LEVEL is one of debug, info, warn, error, silent, not "loud"/ },
]

for (const { env, says } of refusals) {
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  test.serial(`${given} ends it with one clear line and exit code 1`, async (t) => {
    await endsWithOneLine(t, env, says)
  })
}

test.serial('a port in use ends it with one clear line and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const says = new RegExp(
    `cannot listen on tcp:127\\.0\\.0\\.1:${port}: the address is in use \\(EADDRINUSE\\)`,
  )
  for (const name of ['PORT', 'CHAT_PORT'])
    await endsWithOneLine(t, { [name]: String(port), LOG_LEVEL: 'info' }, says)
})

async function endsWithOneLine(t: ExecutionContext, env: Environment, says: RegExp) {
  const web = await startWebProcess(t, env)
  const { code, stdout, stderr } = await web.ended
  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /^greenroom: [^\n]*\n$/)
  t.regex(stderr, says)
}

test('the example stays small enough to be read at one sitting', (t) => {
  const folder = join(root, 'examples/web')
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  const linesOf = (names: readonly string[]) =>
    names.flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')).length
  const server = linesOf(['server.ts', 'hash.ts', 'sampler.ts'])
  t.true(server < 171, `${server} lines`)
  t.true(linesOf(['../main.ts']) <= 100)
  for (const file of files) t.true(linesOf([file]) <= 100, `${file}: ${linesOf([file])} lines`)
  t.true(linesOf(files) < 750, `${linesOf(files)} lines in all`)
})
