/**
 * Guards the law of order: every peer gets exactly what was said to it while it was a member, in the order in which it was
 * said, whoever said it, however it is gathered; and what is said in a turn leaves in one write.
 */
import test from 'ava'
import fc from 'fast-check'
import { type ActorGroup, actorGroup, behaviour, createSystem, type Ref, receiving } from 'greenroom'
import {
  broadcast,
  deliver,
  type LineOptions,
  line,
  listen,
  type Peer,
  type PeerEvent,
  type SessionEvent,
  unicast,
} from 'greenroom/actors'
import { createManualClock, createMemoryNetwork, type MemoryClient } from 'greenroom/testing'
import { LineServer } from './server.ts'

type Options = Partial<LineOptions<string, never>>

const groups = ['one', 'two', 'three'].map((name) => actorGroup<PeerEvent<string>>(name))
const [room, other] = groups as [ActorGroup<PeerEvent<string>>, ActorGroup<PeerEvent<string>>]

/** Does what it is told, in its step. */
const speaker = behaviour({
  initial: 'speaking',
  states: { speaking: { speak: (_scope, { say }: { type: 'speak'; say: () => void }) => say() } },
})

/** A member that is no connection. */
function clerk(heard: string[]) {
  return receiving<PeerEvent<string>>(function* ({ receive }) {
    for (;;) {
      const { event } = yield* receive('deliver')
      heard.push(event.message.message)
    }
  })
}

/** Listeners whose formats differ, and actors that speak to their peers. */
class Hall extends LineServer {
  readonly peers: Peer<string>[] = []
  readonly speakers: Ref<{ type: 'speak'; say: () => void }>[] = []
  private readonly addresses: LineServer['listening']['address'][] = []

  static async open(...formats: readonly Options[]): Promise<Hall> {
    const hall = new Hall()
    const { peers, addresses, speakers } = hall
    const session = receiving<SessionEvent<string>, Peer<string>>(function* member({ receive, input }) {
      peers.push(input)
      yield* receive('ended')
    })
    const { ctx, system, waitFor } = hall.simulation
    const opened = formats.length === 0 ? [{}] : formats
    for (const [i, format] of opened.entries()) {
      const config = { endpoint: `tcp:127.0.0.1:${81 + i}`, protocol: line({ session, ...format }) }
      addresses.push((await waitFor(listen(ctx, config))).address)
    }
    for (let i = 0; i < 3; i++) speakers.push(system.spawn(ctx, speaker))
    return hall
  }

  /** A client, and the peer that it is here. */
  async meet(format = 0, windowBytes?: number): Promise<{ client: MemoryClient; peer: Peer<string> }> {
    const options = windowBytes === undefined ? {} : { windowBytes }
    const client = this.simulation.network.connect(this.addresses[format]!, options)
    await this.settle()
    return { client, peer: this.peers.at(-1) as Peer<string> }
  }

  join(group: ActorGroup<PeerEvent<string>>, ...members: readonly Peer<string>[]): void {
    for (const { ref } of members) this.simulation.system.registry.join(group, ref)
  }

  say(group: ActorGroup<PeerEvent<string>>, text: string, except?: Ref): number {
    return broadcast(this.simulation.ctx, group, text, except === undefined ? {} : { except })
  }

  /** Has all of it said in one turn. */
  async inOneTurn(say: () => void): Promise<void> {
    this.speakers[0]!.send(this.simulation.ctx, { type: 'speak', say })
    await this.settle()
  }
}

const members = fc.nat(6)
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ tell: fc.nat(2), length: fc.constantFrom(1, 1, 10, 5_000, 20_000) }) },
  { weight: 2, arbitrary: fc.record({ tell: fc.nat(2), except: members }) },
  { weight: 3, arbitrary: fc.record({ send: members }) },
  { weight: 2, arbitrary: fc.record({ join: members, group: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ leave: members, group: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ end: members, how: fc.constantFrom('hangUp', 'reset', 'close') }) },
)
const batch = fc.record({
  acts: fc.array(act, { minLength: 1, maxLength: 12 }),
  by: fc.constantFrom<'outside' | number>('outside', 0, 1, 2),
  next: fc.constantFrom('nothing', 'turn', 'settle', 'await'),
})

interface Member {
  readonly ref: Ref<PeerEvent<string>>
  readonly said: string[]
  send(text: string): void
  end(how: string): void
  /** How much of what was said it gets at least, where it has ended. */
  owed: number | undefined
  heard(): readonly string[]
}

async function membersOf(hall: Hall): Promise<Member[]> {
  const found: Member[] = []
  for (let i = 0; i < 6; i++) {
    const { client, peer } = await hall.meet(i % 2, i < 4 ? undefined : 10_000)
    const member: Member = {
      ref: peer.ref,
      said: [],
      // The same by its peer, and by its ref alone.
      send: (text) =>
        void (text.length % 2 === 0 ? peer.send(text) : unicast(hall.simulation.ctx, peer.ref, text)),
      end(how) {
        if (how === 'hangUp') peer.hangUp()
        else client[how as 'reset' | 'close']()
        this.owed ??= how === 'hangUp' ? this.said.length : 0
        if (how !== 'hangUp') this.owed = 0
      },
      owed: undefined,
      heard() {
        client.drain()
        return client.text.split('\r\n').slice(0, -1).map(undecorated)
      },
    }
    found.push(member)
  }
  const heard: string[] = []
  const { system, ctx } = hall.simulation
  const ref = system.spawn(ctx, clerk(heard))
  found.push({
    ref,
    said: [],
    send: (text) => void ref.send(ctx, deliver(text)),
    end: () => {},
    owed: undefined,
    heard: () => heard,
  })
  return found
}

const undecorated = (text: string): string => text.replace(/^\* /, '')

test('order: whatever is said to whomever by whomever, each gets what was said while it was a member, as it was said', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (program) => {
      const roomy = { queueMessagesMax: 1_000_000, queueBytesMax: 2 ** 30 }
      const hall = await Hall.open({ limits: roomy }, { limits: roomy, encode: (text) => `* ${text}` })
      const all = await membersOf(hall)
      const inGroup = groups.map(() => new Set<Member>())
      const { registry } = hall.simulation.system
      let number = 0
      const perform = (step: typeof act extends fc.Arbitrary<infer A> ? A : never): void => {
        if ('tell' in step) {
          const except = 'except' in step ? all[step.except] : undefined
          const text = `${number++} ${'x'.repeat('length' in step ? step.length : 1)}`
          const told = [...inGroup[step.tell]!].filter((member) => member !== except)
          for (const member of told) member.said.push(text)
          const count = hall.say(groups[step.tell]!, text, except?.ref)
          if (told.every(({ owed }) => owed === undefined)) t.is(count, told.length)
        } else if ('send' in step) {
          const member = all[step.send]!
          member.said.push(`${number}`)
          member.send(`${number++}`)
        } else if ('join' in step) {
          if (registry.join(groups[step.group]!, all[step.join]!.ref) === 'joined')
            inGroup[step.group]!.add(all[step.join]!)
        } else if ('leave' in step) {
          registry.leave(groups[step.group]!, all[step.leave]!.ref)
          inGroup[step.group]!.delete(all[step.leave]!)
        } else {
          all[step.end]!.end(step.how)
        }
      }
      for (const { acts, by, next } of program) {
        const say = (): void => acts.forEach(perform)
        if (by === 'outside') say()
        else hall.speakers[by]!.send(hall.simulation.ctx, { type: 'speak', say })
        if (next === 'turn') hall.simulation.turn()
        else if (next === 'settle') await hall.settle()
        else if (next === 'await') await null
      }
      await hall.settle()
      for (const member of all) {
        member.heard()
        await hall.settle()
        const whole = member.heard()
        const { said, owed = said.length } = member
        t.true(whole.length >= owed && whole.length <= said.length, `${whole.length} of ${owed}`)
        // By hand: ava takes a second over texts as long as these.
        t.is(
          whole.findIndex((text, i) => text !== said[i]),
          -1,
        )
      }
      for (const { ref } of [...all, ...hall.speakers.map((ref) => ({ ref }))]) ref.stop()
      await hall.end()
    }),
    { numRuns: 300 },
  )
})

test('what is said in one turn leaves in one write, whoever says it to whomever', async (t) => {
  const hall = await Hall.open()
  const [ann, bob] = [await hall.meet(), await hall.meet()]
  hall.join(room, ann.peer, bob.peer)
  hall.join(other, bob.peer)
  const say = (name: string) => () => {
    for (let i = 0; i < 3; i++) hall.say(room, `${name}${i}`)
    hall.say(other, `${name}3`)
    bob.peer.send(`${name}4`)
    hall.say(room, `${name}5`, ann.peer.ref)
    hall.say(room, `${name}6`)
  }
  const { ctx } = hall.simulation
  for (const [i, ref] of hall.speakers.entries()) ref.send(ctx, { type: 'speak', say: say('abc'[i]!) })
  await hall.settle()
  const lines = (...numbers: number[]) =>
    ['a', 'b', 'c'].flatMap((name) => numbers.map((i) => `${name}${i}\r\n`)).join('')
  t.deepEqual(ann.client.chunks.map(String), [lines(0, 1, 2, 6)])
  t.deepEqual(bob.client.chunks.map(String), [lines(0, 1, 2, 3, 4, 5, 6)])
  await stop(hall)
})

test('what is said in a turn by a hundred peers’ own sessions leaves in one write to each', async (t) => {
  const server = new LineServer()
  const { system, ctx } = server.simulation
  const { registry } = system
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    registry.join(room, input.ref)
    for (;;) {
      const { event } = yield* receive()
      if (event.type === 'ended') return
      broadcast(ctx, room, event.message)
    }
  })
  await server.listen({ session }, {})
  const clients = Array.from({ length: 100 }, () => server.connect())
  await server.settle()
  for (const [i, client] of clients.entries()) client.write(`${i}\n`)
  await server.settle()
  const said = clients.map((_, i) => `${i}\r\n`).join('')
  for (const { chunks } of clients) t.deepEqual(chunks.map(String), [said])
  await server.end()
})

test('who joins gets nothing that was said before, and who leaves all of it, within one turn', async (t) => {
  const hall = await Hall.open()
  const [ann, bob] = [await hall.meet(), await hall.meet()]
  hall.join(room, ann.peer)
  await hall.inOneTurn(() => {
    hall.say(room, 'one')
    hall.join(room, bob.peer)
    hall.say(room, 'two')
    hall.simulation.system.registry.leave(room, ann.peer.ref)
    hall.say(room, 'three')
  })
  t.is(ann.client.text, 'one\r\ntwo\r\n')
  t.is(bob.client.text, 'two\r\nthree\r\n')
  await stop(hall)
})

for (const [title, count, length] of [
  ['more messages than are gathered', 1_000, 1],
  ['more bytes than are joined', 20, 5_000],
  ['single messages that are longer than what is joined', 3, 60_000],
] as const) {
  test(`in one turn, ${title}: all come, in order`, async (t) => {
    const hall = await Hall.open()
    const { client, peer } = await hall.meet()
    hall.join(room, peer)
    const texts = Array.from({ length: count }, (_, i) => `${i}${'x'.repeat(length)}`)
    await hall.inOneTurn(() => {
      for (const text of texts) hall.say(room, text)
    })
    t.true(client.text === texts.map((text) => `${text}\r\n`).join(''))
    if (count === 1_000) t.is(client.chunks.length, 1)
    await stop(hall)
  })
}

for (const whenSlow of ['dropOldest', 'disconnect'] as const) {
  test(`${whenSlow}: what is gathered waits one by one for a peer that does not read, and no other notices`, async (t) => {
    const hall = await Hall.open({
      whenSlow,
      missed: (missed) => `${missed} missed`,
      limits: { queueMessagesMax: 10 },
    })
    const [slow, fast] = [await hall.meet(0, 1), await hall.meet()]
    hall.join(room, slow.peer, fast.peer)
    const long = 'x'.repeat(70_000)
    slow.peer.send(long)
    await hall.settle()
    await hall.inOneTurn(() => {
      for (let i = 0; i < 40; i++) hall.say(room, `${i}`)
    })
    const from = (first: number) => Array.from({ length: 40 - first }, (_, i) => `${first + i}\r\n`).join('')
    t.deepEqual(fast.client.chunks.map(String), [from(0)])
    slow.client.drain()
    await hall.settle()
    const end = whenSlow === 'dropOldest' ? `30 missed\r\n${from(30)}` : 'you read too slowly\r\n'
    t.is(slow.client.text.slice(long.length + 2), end)
    t.is(slow.client.hasEnded, whenSlow === 'disconnect')
    await stop(hall)
  })
}

test('what cannot be encoded is logged once for each format, and nobody misses anything else', async (t) => {
  const encode = (prefix: string) => (text: string) => {
    if (text === 'boom') throw new Error(`${prefix} boom`)
    return prefix + text
  }
  const hall = await Hall.open({ encode: encode('a') }, { encode: encode('b') })
  const met = [await hall.meet(0), await hall.meet(1), await hall.meet(0), await hall.meet(1)]
  hall.join(room, ...hall.peers)
  await hall.inOneTurn(() => {
    for (const text of ['1', 'boom', '2']) hall.say(room, text)
  })
  t.deepEqual(met.map(({ client }) => client.text).sort(), [
    'a1\r\na2\r\n',
    'a1\r\na2\r\n',
    'b1\r\nb2\r\n',
    'b1\r\nb2\r\n',
  ])
  t.deepEqual(hall.logged.map(({ message }) => message.replace(/.*: /, '')).sort(), ['a boom', 'b boom'])
  await stop(hall)
})

test('what is said after an await, from outside of any turn, leaves without anything else happening', async (t) => {
  const network = createMemoryNetwork({ clock: createManualClock() })
  await using system = createSystem({ poller: network.createPoller() })
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    system.registry.join(room, input.ref)
    input.send('hello')
    yield* receive('ended')
  })
  const endpoint = 'tcp:127.0.0.1:7'
  const { address } = await listen(system.ctx, { endpoint, protocol: line({ session }) })
  const client = network.connect(address)
  await client.until(({ text }) => text === 'hello\r\n')
  await new Promise((resolve) => setImmediate(resolve))
  t.is(broadcast(system.ctx, room, 'one'), 1)
  broadcast(system.ctx, room, 'two')
  await client.until(({ text }) => text === 'hello\r\none\r\ntwo\r\n')
  t.is(client.chunks.length, 2)
  client.close()
})

test('a session’s farewell to its room is heard, by itself too, also where its connection is lost', async (t) => {
  const server = new LineServer()
  const { system, ctx } = server.simulation
  const { registry } = system
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    registry.join(room, input.ref)
    try {
      yield* receive('ended')
    } finally {
      broadcast(ctx, room, 'farewell')
    }
  })
  await server.listen({ session }, {})
  const [ann, bob, cid] = [await server.opened(), await server.opened(), await server.opened()]
  ann.end()
  await server.settle()
  bob.reset()
  await server.settle()
  t.is(ann.text, 'farewell\r\n')
  t.true(ann.hasEnded)
  t.is(cid.text, 'farewell\r\nfarewell\r\n')
  await server.end()
})

async function stop(hall: Hall): Promise<void> {
  for (const ref of hall.speakers) ref.stop()
  await hall.end()
}
