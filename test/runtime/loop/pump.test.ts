/** Law: on the real poller and the real clock, actors that never stop talking starve nobody, and an idle system ends. */
import { execFile } from 'node:child_process'
import { createConnection } from 'node:net'
import { setImmediate as roundOfNode } from 'node:timers/promises'
import { promisify } from 'node:util'
import test from 'ava'
import { silentLog } from '../../../runtime/context/log.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { defaultLimits } from '../../../runtime/limits.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { type ActorSystem, createSystem } from '../../../runtime/system/system.ts'

/** Sends itself one message for each that it gets. */
const talker = behaviour({
  initial: 'talking',
  data: () => ({ said: 0 }),
  states: {
    talking: {
      talk: ({ self, data }, _event, ctx) => {
        data.said += 1
        self.send(ctx, { type: 'talk' })
      },
      count: ({ data }) => data.said,
      hush: ({ become }) => become('silent'),
    },
    silent: { talk: () => {} },
  },
})

function spawnTalkers(system: ActorSystem) {
  const talkers = [1, 2].map(() => system.spawn(system.ctx, talker))
  for (const ref of talkers) ref.send(system.ctx, { type: 'talk' })
  return talkers
}

test('two actors that talk for ever starve neither a timer nor anything else of Node’s', async (t) => {
  await using system = createSystem({ log: silentLog })
  const talkers = spawnTalkers(system)
  await system.ctx.after(5)
  await roundOfNode()
  t.true((await talkers[0]!.ask(system.ctx, { type: 'count' })) > 0)
  for (const ref of talkers) ref.stop()
})

test('nor a socket', async (t) => {
  await using system = createSystem({ log: silentLog })
  const talkers = spawnTalkers(system)
  const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
  const listener = await system.poller.listen({
    address: { transport: 'tcp', host: '127.0.0.1', port: 0 },
    outputHighWaterBytes,
    inputHighWaterBytes,
  })
  const received = new Deferred<string>()
  listener.owner = {
    transferred: (transfer) => {
      if (transfer.type !== 'accepted') return
      const { stream } = transfer
      stream.owner = {
        transferred: (next) => {
          if (next.type !== 'received') return
          stream.write('pong')
          stream.end()
          received.resolve(next.bytes.toString('latin1'))
        },
      }
    },
  }
  const { address } = listener
  const client = createConnection(address.transport === 'tcp' ? address.port : 0, '127.0.0.1')
  client.write('ping')
  t.is(await received, 'ping')
  const chunks: string[] = []
  for await (const chunk of client) chunks.push(String(chunk))
  t.is(chunks.join(''), 'pong')
  await listener.close()
  for (const ref of talkers) ref.stop()
})

test('an ask from outside is answered before anything else of Node’s runs', async (t) => {
  await using system = createSystem({ log: silentLog })
  const ref = system.spawn(system.ctx, talker)
  await roundOfNode()
  let isLater = false
  const immediate = roundOfNode().then(() => {
    isLater = true
  })
  for (let i = 0; i < 100; i++) t.is(await ref.ask(system.ctx, { type: 'count' }), 0)
  t.false(isLater)
  await immediate
})

test('a chain of asks that never ends lets timers fire', async (t) => {
  await using system = createSystem({ log: silentLog })
  const ref = system.spawn(system.ctx, talker)
  let isOver = false
  const timer = system.ctx.after(2).then(() => {
    isOver = true
  })
  let asks = 0
  while (!isOver) {
    await ref.ask(system.ctx, { type: 'count' })
    asks += 1
  }
  await timer
  t.true(asks > 0)
})

test('a system that stops itself from within a turn is pumped to its end', async (t) => {
  const system = createSystem({ log: silentLog })
  const quitter = behaviour({
    initial: 'on',
    states: { on: { quit: () => void system.stop() } },
  })
  const ref = system.spawn(system.ctx, quitter) as Ref<{ type: 'quit' }>
  ref.send(system.ctx, { type: 'quit' })
  await system.stop()
  t.is(system.actors, 0)
})

const run = promisify(execFile)

/** Runs a program against our sources in a process of its own. */
async function runProgram(lines: readonly string[]): Promise<string> {
  const imports = [
    "import { createSystem } from './runtime/system/system.ts'",
    "import { behaviour } from './runtime/system/behaviour.ts'",
  ]
  const { stdout } = await run(
    process.execPath,
    ['--import=tsx', '--input-type=module', '--eval', [...imports, ...lines].join('\n')],
    { cwd: new URL('../../../', import.meta.url), timeout: 60_000 },
  )
  return stdout.trim()
}

test('an idle system lets its process end, however many actors it has', async (t) => {
  const output = await runProgram([
    'const system = createSystem()',
    "const idle = behaviour({ initial: 'on', states: { on: { ask: () => 'answer' } } })",
    'for (let i = 0; i < 1000; i++) system.spawn(system.ctx, idle)',
    'const ref = system.spawn(system.ctx, idle)',
    "console.log(await ref.ask(system.ctx, { type: 'ask' }))",
    "process.on('exit', () => console.log(system.actors))",
  ])
  t.is(output, 'answer\n1001')
})

test('a timer that waits keeps the process; once it has fired, it ends', async (t) => {
  const output = await runProgram([
    'const system = createSystem()',
    "void system.ctx.after(20).then(() => console.log('fired'))",
  ])
  t.is(output, 'fired')
})
