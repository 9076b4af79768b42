/**
 * Guards: what is said to many is encoded once and reaches those who are members, a slow one costs a bounded amount and holds
 * nobody up, and what cannot be said harms nobody.
 */
import test from 'ava'
import { type ActorGroup, actorGroup, receiving } from 'greenroom'
import {
  broadcast,
  deliver,
  type LineOptions,
  type Peer,
  type PeerEvent,
  type SessionEvent,
} from 'greenroom/actors'
import { type Config, LineServer } from './server.ts'

const room: ActorGroup<PeerEvent<string>> = actorGroup('room')

/** Everybody is in one room, and listens. */
class Room extends LineServer {
  readonly peers: Peer<string>[] = []
  encoded = 0

  static async open(options: Partial<LineOptions<string, never>> = {}, config: Config = {}): Promise<Room> {
    const server = new Room(config.simulation)
    const { registry } = server.simulation.system
    const session = receiving<SessionEvent<string>, Peer<string>>(function* member({ receive, input }) {
      registry.join(room, input.ref)
      server.peers.push(input)
      yield* receive('ended')
      registry.leave(room, input.ref)
    })
    const encode = (message: string): string => {
      server.encoded += 1
      if (message === 'boom') throw new Error('boom')
      return message
    }
    await server.listen<string>({ session, encode, ...options }, config)
    return server
  }

  say(text: string, except?: Peer<string>) {
    return broadcast(this.simulation.ctx, room, text, except === undefined ? {} : { except: except.ref })
  }
}

test('a message reaches every member but the one excepted, encoded once', async (t) => {
  const server = await Room.open()
  const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()))
  await server.settle()
  t.is(server.say('one'), 50)
  t.is(server.say('two', server.peers[0]), 49)
  await server.settle()
  t.is(server.encoded, 2)
  t.is(clients[0]?.text, 'one\r\n')
  for (const client of clients.slice(1)) t.is(client.text, 'one\r\ntwo\r\n')
  await server.end()
  t.deepEqual(server.deadLetters, [])
})

test('one that has left is no member, and an empty group hears nothing', async (t) => {
  const server = await Room.open()
  const [first, second] = [server.connect(), server.connect()]
  await server.settle()
  first.reset()
  await server.settle()
  t.is(server.say('one'), 1)
  second.reset()
  await server.settle()
  t.is(server.say('two'), 0)
  await server.end()
})

test('what is said in a context that is over reaches peers all the same, and is no mail', async (t) => {
  const server = await Room.open()
  const client = await server.opened()
  const { system } = server.simulation
  const clerk = system.spawn(system.ctx, collector([]))
  system.registry.join(room, clerk)
  const [ctx, cancel] = server.simulation.ctx.withCancel()
  cancel('over')
  t.is(broadcast(ctx, room, 'ann has left'), 2)
  await server.settle()
  t.is(client.text, 'ann has left\r\n')
  t.deepEqual(server.deadLetters, ['deliver expired'])
  clerk.stop()
  await server.end()
})

test('a member that is no connection gets all in its mailbox, in its order with what else is sent there', async (t) => {
  const server = await Room.open()
  const client = await server.opened()
  const { system, ctx } = server.simulation
  const heard: string[] = []
  const clerk = system.spawn(ctx, collector(heard))
  system.registry.join(room, clerk)
  t.is(server.say('one'), 2)
  clerk.send(ctx, deliver('two'))
  server.say('three')
  await server.settle()
  t.deepEqual(heard, ['one', 'two', 'three'])
  t.is(client.text, 'one\r\nthree\r\n')
  clerk.stop()
  await server.end()
  t.deepEqual(server.deadLetters, [])
})

test('what cannot be encoded is logged once, and harms nobody', async (t) => {
  const server = await Room.open()
  const clients = [server.connect(), server.connect(), server.connect()]
  await server.settle()
  server.say('boom')
  server.say('after')
  await server.settle()
  for (const client of clients) t.is(client.text, 'after\r\n')
  t.deepEqual(
    server.logged.map(({ level, message }) => `${level} ${message}`),
    ['error a message could not be encoded, and was not sent: boom'],
  )
  t.is(server.encoded, 2)
  await server.end()
})

test('a format that encodes to nothing it should harms nobody but who speaks it, and is logged', async (t) => {
  const server = await Room.open({ encode: (message) => (message === 'boom' ? (5 as never) : message) })
  const client = await server.opened()
  server.say('boom')
  server.say('after')
  await server.settle()
  t.is(client.text, 'after\r\n')
  t.is(server.logged.length, 1)
  await server.end()
})

test('a log that tells a peer of what could not be said comes behind what could', async (t) => {
  let teller: Peer<string> | undefined
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_: object, text: string) => void teller?.send(text),
  }
  const server = await Room.open({}, { simulation: { log } })
  const clients = [await server.opened(), await server.opened()]
  teller = server.peers[1]
  for (const text of ['one', 'boom', 'two']) server.say(text)
  await server.settle()
  const failure = 'a message could not be encoded, and was not sent: boom'
  t.is(clients[0]?.text, 'one\r\ntwo\r\n')
  t.is(clients[1]?.text, `one\r\ntwo\r\n${failure}\r\n`)
  await server.end()
})

test('a connection whose mailbox others have filled hears what is said, and so do the others', async (t) => {
  const server = await Room.open(
    {},
    { simulation: { limits: { mailboxCapacity: 1_024, inputHighWaterBytes: 65_536 } } },
  )
  const [victim, other] = [server.connect(), server.connect()]
  await server.settle()
  const { ctx } = server.simulation
  const [peer] = server.peers as [Peer<string>]
  let accepted = 0
  while (peer.ref.send(ctx, deliver('flood')) === 'accepted') accepted += 1
  t.is(accepted, 1_024)
  t.is(server.say('news'), 2)
  t.is(peer.send('more'), 'accepted')
  await server.settle()
  t.is(victim.text, `news\r\nmore\r\n${'flood\r\n'.repeat(accepted)}`)
  t.is(other.text, 'news\r\n')
  t.false(victim.wasReset)
  await server.end()
  t.deepEqual(server.deadLetters, ['deliver full'])
})

for (const whenSlow of ['disconnect', 'dropOldest'] as const) {
  test(`${whenSlow}: a peer that never reads costs a bounded number of bytes, and holds nobody up`, async (t) => {
    const server = await Room.open({
      whenSlow,
      missed: (missed) => `${missed} missed`,
      limits: { queueMessagesMax: 100, queueBytesMax: 50_000 },
    })
    const slow = await server.opened({ windowBytes: 1_000 })
    const fast = await server.opened()
    const texts = Array.from({ length: 1_000 }, (_, i) => `${i} ${'x'.repeat(1_000)}`)
    let held = 0
    for (const text of texts) {
      server.say(text)
      await server.settle()
      held = Math.max(held, server.peers[0] === undefined ? 0 : heldBy(server))
    }
    t.is(fast.text, texts.map((text) => `${text}\r\n`).join(''))
    t.is(server.encoded, 1_000)
    t.true(held <= 50_000 + 65_536 + 2_000, `${held} bytes held`)
    if (whenSlow === 'disconnect') {
      slow.drain()
      await server.settle()
      t.true(slow.text.endsWith('you read too slowly\r\n'))
      t.true(slow.hasEnded)
    } else {
      slow.drain()
      await server.settle()
      const told = /(\d+) missed\r\n(\d+) /.exec(slow.text) as RegExpExecArray
      const before = slow.text.slice(0, told.index).split('\r\n').length - 1
      t.is(before + Number(told[1]), Number(told[2]))
      t.is(slow.text.match(/missed/g)?.length, 1)
      t.true(slow.text.endsWith(`${texts.at(-1)}\r\n`))
    }
    await server.end()
  })
}

test('a peer that never reads is reset when its write time is over', async (t) => {
  const server = await Room.open({ whenSlow: 'dropOldest' }, { limits: { writeTimeoutMs: 1_000 } })
  const slow = await server.opened({ windowBytes: 1_000 })
  for (let i = 0; i < 100; i++) server.say('x'.repeat(1_000))
  await server.advance(2_000)
  t.true(slow.wasReset)
  t.is(server.listening.connections, 0)
  await server.end()
})

/** An actor with a mailbox, as any other. */
function collector(heard: string[]) {
  return receiving<PeerEvent<string>>(function* ({ receive }) {
    for (;;) {
      const { event } = yield* receive('deliver')
      heard.push(event.message.message)
    }
  })
}

/** Bytes that wait for the first peer, in its outlet and its stream. */
function heldBy(server: Room): number {
  const { connection } = server.peers[0] as unknown as {
    connection: { port: { outputBytes: number }; receiver: { queuedBytes: number } }
  }
  return connection.port.outputBytes + connection.receiver.queuedBytes
}
