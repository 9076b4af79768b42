/**
 * Laws: a server that loses, repeats, reorders, changes or invents messages is found out in the run itself, with the reason; the
 * peers, as they are started for the benchmark, deliver rightly; no two rows have one name, and the README names every trial.
 */
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { type WebSocket, WebSocketServer } from 'ws'
import { ChatServer } from '../../bench/chat/chat-server.ts'
import { chatContenders, commandOf, moduleOf } from '../../bench/chat/contenders.ts'
import { DeliveryError, Order } from '../../bench/chat/load/order.ts'
import { Room, type Run } from '../../bench/chat/load/room.ts'
import { wires } from '../../bench/chat/load/wires.ts'
import { type ChatTrial, chatTrials } from '../../bench/chat/trials.ts'
import { chatSuite, startLoad } from '../../bench/chat.ts'
import { ContenderError, nodeCommand } from '../../bench/harness/process-contender.ts'

// ── Trials ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('no two rows have one name, and the headline comes first', (t) => {
  const rows = chatTrials.flatMap(({ figures, between }) =>
    figures.flatMap(({ what }) => between.map((who) => `${who} ${what}`)),
  )
  t.deepEqual([...new Set(rows)], rows)
  t.true(rows.slice(0, 3).includes('ws to 512'))
  const [headline, ...others] = chatTrials
  t.is(headline?.rounds, undefined)
  t.true(others.every(({ rounds = 5 }) => rounds < chatSuite.rounds))
})

test('every trial is between contenders that there are, each takes part in one, and the README names the trial', (t) => {
  const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8')
  const named = new Set(chatTrials.flatMap(({ between }) => between))
  t.deepEqual([...named].sort(), [...chatContenders.keys()].sort())
  for (const { name } of chatTrials) t.true(readme.includes(`\`${name}\``), name)
})

test('each contender has its server', (t) => {
  for (const [who, contender] of chatContenders) t.true(existsSync(moduleOf(contender)), who)
})

// ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('whatever order the first member gets, everybody else must get', (t) => {
  const order = new Order(2)
  const [a, b, c] = [order.send(0, 10), order.send(1, 20), order.send(0, 30)] as const
  t.is(order.take(7, 0, b), 20)
  t.is(order.take(8, 0, b), 20)
  t.is(order.take(8, 1, a), 10)
  t.throws(() => order.take(7, 1, c), {
    instanceOf: DeliveryError,
    message: 'member 7 got message 1 of sender 0 at place 1, where others got message 0 of sender 0',
  })
})

for (const { fault, key, message } of [
  { fault: 'message that skips another', key: 1, message: /message 1 of sender 0 instead of message 0/ },
  { fault: 'message of nobody', key: 2 ** 24, message: /message 0 of sender 1, which was never sent/ },
  { fault: 'number that is no key', key: 2 ** 32, message: /never sent/ },
  { fault: 'negative one', key: -1, message: /never sent/ },
]) {
  test(`there is no place for a ${fault}`, (t) => {
    const order = new Order(2)
    for (const ms of [1, 2]) order.send(0, ms)
    t.throws(() => order.take(0, 0, key), { instanceOf: DeliveryError, message })
  })
}

// ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────────────────

type Deliver = (members: readonly WebSocket[], text: string, count: number) => void

const toAll: Deliver = (members, text) => {
  for (const member of members) member.send(text)
}

/** ws, with this broadcast. */
async function serve(t: ExecutionContext, deliver: Deliver, welcome = 'welcome'): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const members: WebSocket[] = []
  let count = 0
  server.on('connection', (member) => {
    members.push(member)
    member.on('message', (data) => deliver(members, data.toString(), count++))
    member.on('error', () => {})
    member.send(welcome)
  })
  t.teardown(() => {
    for (const member of members) member.terminate()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const brief: Run = { load: { senders: 3, inFlight: 4 }, leadSeconds: 0, seconds: 0.15 }

function roomAt(t: ExecutionContext, port: number): Room {
  const room = new Room(port, wires.websocket, 400)
  t.teardown(() => room.leave())
  return room
}

/** Opens a room, has it talk, and waits for what should not come. */
async function talk(t: ExecutionContext, port: number, run = brief) {
  const room = roomAt(t, port)
  await room.growTo(4)
  const outcome = await room.run(run)
  await room.pause(0.1)
  return outcome
}

// One after another: the load of a closed loop rests, and everything in its process with it.
test.serial(
  'a server that is right passes, in a closed loop and in an open one, however often it is asked',
  async (t) => {
    const room = roomAt(t, await serve(t, toAll))
    await room.growTo(2)
    await room.growTo(5)
    const closed = await room.run(brief)
    t.true(closed.deliveries >= 60 && closed.deliveries % 5 === 0)
    t.true(closed.deliveriesPerSecond > 0 && closed.latencies.percentile(0.5) > 0)
    t.deepEqual(closed.sentLateMs, [])
    const open = await room.run({ load: { senders: 3, rate: 200 }, leadSeconds: 0.05, seconds: 0.2 })
    t.is(open.deliveries, open.sentLateMs.length * 5)
    t.true(open.sentLateMs.length > 10 && open.sentLateMs.length <= 100)
  },
)

/** The number of the message at which it goes wrong: of those that are said at once, before anything depends on time. */
const at = 1

const wrongServers: readonly {
  readonly fault: string
  readonly deliver: Deliver
  readonly message: RegExp
}[] = [
  {
    fault: 'loses a message for one member',
    deliver: (members, text, count) => toAll(count === at ? members.slice(1) : members, text, count),
    message: /^member \d got message \d+ of sender \d/,
  },
  {
    fault: 'loses a message for all',
    deliver: (members, text, count) => count !== at && toAll(members, text, count),
    message: /instead of message \d+ of that sender/,
  },
  {
    fault: 'loses whatever comes after a while for one member',
    deliver: (members, text, count) => toAll(count >= at ? members.slice(0, 3) : members, text, count),
    message: /^\d+ deliveries are missing$/,
  },
  {
    fault: 'does not send to those who spoke',
    deliver: (members, text, count) =>
      toAll(
        members.filter((_, index) => !text.startsWith(`{"from":${10 + index}`)),
        text,
        count,
      ),
    message: /^(member \d got|\d+ deliveries are missing)/,
  },
  {
    fault: 'repeats a message for one member',
    deliver(members, text, count) {
      toAll(members, text, count)
      if (count === at) members[2]?.send(text)
    },
    message: /^member \d got message \d+ of sender \d/,
  },
  {
    fault: 'repeats a message for all',
    deliver(members, text, count) {
      toAll(members, text, count)
      if (count === at) toAll(members, text, count)
    },
    message: /instead of message/,
  },
  {
    fault: 'sends two messages in another order to one member',
    deliver: (() => {
      let held = ''
      return (members, text, count) => {
        if (count === at) {
          held = text
          toAll(members.slice(1), text, count)
        } else if (count === at + 1) {
          toAll(members, text, count)
          members[0]?.send(held)
        } else toAll(members, text, count)
      }
    })(),
    message: /at place \d+, where others got|instead of message/,
  },
  {
    fault: 'sends the messages of one sender in another order to all',
    deliver: (() => {
      let held: string | undefined
      return (members, text, count) => {
        if (held === undefined && count >= at && text.startsWith('{"from":10')) held = text
        else {
          toAll(members, text, count)
          if (held !== undefined && text.startsWith('{"from":10')) {
            toAll(members, held, count)
            held = ''
          }
        }
      }
    })(),
    message: /instead of message/,
  },
  {
    fault: 'changes a text',
    deliver: (members, text, count) =>
      toAll(members, count === at ? text.replace('Hello', 'Hallo') : text, count),
    message: /which nobody said$/,
  },
  {
    fault: 'shortens a text',
    deliver: (members, text, count) => toAll(members, count === at ? text.slice(1) : text, count),
    message: /^member \d: ""from"/,
  },
  {
    fault: 'invents a message',
    deliver(members, text, count) {
      toAll(members, text, count)
      if (count === at) toAll(members, text.replace('"from":1', '"from":3'), count)
    },
    message: /never sent/,
  },
  {
    fault: 'closes a connection',
    deliver(members, text, count) {
      toAll(members, text, count)
      if (count === at) members[3]?.close(1008, 'enough')
    },
    message: /^member \d: a close, 1008 enough$/,
  },
  {
    fault: 'drops a connection',
    deliver(members, text, count) {
      toAll(members, text, count)
      if (count === at) members[3]?.terminate()
    },
    message: /^member \d: .*(closed|ECONNRESET)/,
  },
]

for (const { fault, deliver, message } of wrongServers) {
  test.serial(`finds a server that ${fault}`, async (t) => {
    const port = await serve(t, deliver)
    await t.throwsAsync(talk(t, port), { instanceOf: DeliveryError, message })
  })
}

test.serial('finds a server that repeats its last message, when all is said', async (t) => {
  let last: (() => void) | undefined
  const port = await serve(t, (members, text, count) => {
    toAll(members, text, count)
    last = () => members[1]?.send(text)
  })
  const room = roomAt(t, port)
  await room.growTo(4)
  await room.run(brief)
  last?.()
  await t.throwsAsync(room.pause(0.2), { instanceOf: DeliveryError, message: /^member \d got message/ })
})

test('finds a server that welcomes nobody, or says something else', async (t) => {
  const silent = roomAt(t, await serve(t, toAll, ''))
  await t.throwsAsync(silent.growTo(2), { message: /^member \d: ""$/ })
  const deaf = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
  t.teardown(() => deaf.close())
  const room = roomAt(t, (deaf.address() as AddressInfo).port)
  await t.throwsAsync(room.growTo(2), { message: '2 members were not welcomed' })
})

test('a server that is not there is a failure of its own', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  await t.throwsAsync(roomAt(t, port).growTo(1), { message: /^member 0: .*ECONNREFUSED/ })
})

// ── Contenders ───────────────────────────────────────────────────────────────────────────────────────────────────

const placement = { server: undefined, load: undefined }

const small = {
  between: [],
  name: 'small',
  members: 20,
  figures: (['deliveriesPerSecond', 'cpuUs', 'loadUs', 'p50Ms', 'p99Ms'] as const).map((of) => ({
    what: of,
    unit: '',
    better: 'lower' as const,
    of,
  })),
}

// greenroom's servers need its build, and are checked at every start of the suite.
for (const who of ['ws', 'Socket.IO', 'Twisted']) {
  test(`${who} delivers rightly, in both kinds of trial`, async (t) => {
    const contender = chatContenders.get(who)
    if (contender === undefined) throw new Error(`no ${who}`)
    if (typeof commandOf(contender) === 'string') {
      t.log(`${who} is not installed`)
      t.pass()
      return
    }
    const load = startLoad(placement)
    t.teardown(() => load.end())
    await load.readReady()
    const server = await ChatServer.start(who, { contender, placement, load })
    t.teardown(() => server.end())
    for (const asked of [
      { senders: 4, inFlight: 2 },
      { senders: 4, rate: 100 },
    ]) {
      const trial: ChatTrial = { ...small, load: asked }
      const values = await server.measure(trial, 0.2)
      t.true(values.length === 5 && values.every((value) => value > 0), values.join())
    }
  })
}

test('the load tells of a wrong server by its name, and serves the next one', async (t) => {
  const load = startLoad(placement)
  t.teardown(() => load.end())
  await load.readReady()
  const port = await serve(t, (members, text, count) => toAll(members.slice(count % 2), text, count))
  await load.ask(`open ${JSON.stringify({ port, wire: 'websocket', members: 4 })}`, 0)
  t.regex(await load.ask(`run ${JSON.stringify(brief)}`, 0), /^\{"fault":"member \d got message/)
  t.is(await load.ask('close', 0), '{}')
  await t.throwsAsync(load.ask('nonsense', 0), { message: /no such question: nonsense/ })
})

test('a contender that does not start is a failure with its name', async (t) => {
  const load = startLoad(placement)
  t.teardown(() => load.end())
  await load.readReady()
  const plan = { contender: { file: 'no-such-server.ts', wire: 'websocket' as const }, placement, load }
  await t.throwsAsync(ChatServer.start('it', plan), { instanceOf: ContenderError, message: /^it: ended/ })
  t.true(nodeCommand(moduleOf(plan.contender)).args.at(-1)?.endsWith('no-such-server.ts'))
})
