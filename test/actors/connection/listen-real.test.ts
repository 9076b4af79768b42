/** What only an operating system can say: ports that are in use, hosts that are not known, files of sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type ActorSystem, createSystem, silentLog } from 'greenroom'
import { ListenError, type Listening, listen, type Protocol } from 'greenroom/actors'
import { checkLeaks } from 'greenroom/testing'
import { echo } from './server.ts'

const protocol: Protocol = { name: 'echo', converse: echo }

function real(body: (t: ExecutionContext, system: ActorSystem) => Promise<void>) {
  return async (t: ExecutionContext) => {
    const system = createSystem({ log: silentLog })
    await body(t, system)
    await system.stop()
    t.notThrows(() => checkLeaks(system))
  }
}

/** Sends, ends, and gives what came back. */
function exchange(socket: Socket, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('error', reject)
    socket.end(bytes)
  })
}

const directory = mkdtempSync(join(tmpdir(), 'greenroom-'))
test.after.always(() => rmSync(directory, { recursive: true, force: true }))
const socketPath = (name: string) => join(directory, name)

const dial = ({ address }: Listening): Socket =>
  address.transport === 'tcp' ? tcpConnect(address.port, address.host) : tcpConnect(address.path)

for (const endpoint of ['tcp:127.0.0.1:0', 'tcp:localhost:0', `unix:${socketPath('echo')}`]) {
  test(
    `serves at ${endpoint.replace(directory, '')}`,
    real(async (t, system) => {
      const listening = await listen(system.ctx, { endpoint, protocol })
      if (endpoint.startsWith('tcp')) t.true((listening.port as number) > 0)
      else t.is(listening.endpoint, endpoint)
      const bytes = Buffer.alloc(1_000_000, 'hello ')
      const answers = await Promise.all([1, 2, 3].map(() => exchange(dial(listening), bytes)))
      t.true(answers.every((answer) => answer.equals(bytes)))
    }),
  )
}

test(
  'a closed listener leaves its address to the next',
  real(async (t, system) => {
    const first = await listen(system.ctx, { endpoint: `unix:${socketPath('twice')}`, protocol })
    await first.close(system.ctx)
    const second = await listen(system.ctx, { endpoint: `unix:${socketPath('twice')}`, protocol })
    t.is((await exchange(dial(second), Buffer.from('x'))).toString(), 'x')
    const tcp = await listen(system.ctx, { endpoint: 'tcp:127.0.0.1:0', protocol })
    await tcp.close(system.ctx)
    t.is((await listen(system.ctx, { endpoint: tcp.endpoint, protocol })).endpoint, tcp.endpoint)
  }),
)

writeFileSync(socketPath('file'), 'no socket')

const refusals: readonly [title: string, endpoint: string, code: string, message: RegExp][] = [
  ['a host that is not known', 'tcp:no-such-host.invalid:80', 'ENOTFOUND|EAI_AGAIN', /the host is not known/],
  ['an address of another machine', 'tcp:192.0.2.1:80', 'EADDRNOTAVAIL', /this machine has no such address/],
  ['a file that is no socket', `unix:${socketPath('file')}`, 'EADDRINUSE', /the address is in use/],
  ['a directory that is not there', `unix:${socketPath('none/socket')}`, 'EACCES|ENOENT', /cannot listen on/],
]

for (const [title, endpoint, code, message] of refusals) {
  test(
    `${title} is one clear line`,
    real(async (t, system) => {
      const listening = listen(system.ctx, { endpoint, protocol })
      const error = await t.throwsAsync(Promise.resolve(listening), { instanceOf: ListenError })
      t.regex(error.code, new RegExp(`^(${code})$`))
      t.regex(error.message, message)
      t.true(error.message.startsWith(`cannot listen on ${endpoint}: `))
      t.false(error.message.includes('\n'))
    }),
  )
}

test(
  'a port in use is one clear line, and the listener that has it goes on',
  real(async (t, system) => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const endpoint = `tcp:127.0.0.1:${port}`
    const error = await t.throwsAsync(Promise.resolve(listen(system.ctx, { endpoint, protocol })), {
      instanceOf: ListenError,
      code: 'EADDRINUSE',
    })
    t.is(error.message, `cannot listen on ${endpoint}: the address is in use (EADDRINUSE)`)
    server.close()
  }),
)

test(
  'a client that disappears is noticed, and one that does not read holds up nobody else',
  real(async (t, system) => {
    const listening = await listen(system.ctx, {
      endpoint: 'tcp:127.0.0.1:0',
      protocol,
      limits: { writeTimeoutMs: 100 },
    })
    const lazy = dial(listening)
    lazy.on('error', () => {})
    lazy.pause()
    lazy.write(Buffer.alloc(20_000_000))
    const rude = dial(listening)
    await new Promise((resolve) => rude.once('connect', resolve))
    rude.resetAndDestroy()
    const bytes = Buffer.alloc(100_000, 'x')
    t.true((await exchange(dial(listening), bytes)).equals(bytes))
    while (listening.connections > 0) await system.ctx.after(10)
    lazy.destroy()
    t.is(listening.accepted, 3)
  }),
)
