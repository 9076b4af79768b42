/** Law: whatever fails or ends, members are shown all that was said since they came, once; and who cannot be served is told why. */
import test from 'ava'
import type { Message } from '../../../examples/chat/chat-event.ts'
import { Directory } from '../../../examples/chat/directory.ts'
import { roomName } from '../../../examples/chat/names.ts'
import { type SimulatedChat, type SimulatedClient, simulatedChat } from './simulated-chat.ts'
import { viewsOf } from './views.ts'

async function somebody(world: SimulatedChat, nick: string, room?: string): Promise<SimulatedClient> {
  const client = world.connect()
  client.ask({ type: 'nick', nick })
  if (room !== undefined) client.ask({ type: 'join', room })
  await world.simulation.advance(100)
  return client
}

function placesOf(client: SimulatedClient): number[] {
  return client.of('said').map(({ seq }) => seq)
}

/** Said long ago. */
function fill(world: SimulatedChat, room: string, count: number): void {
  const messages = Array.from({ length: count }, (_, i): Message => {
    return { room, seq: i + 1, id: `old-${i + 1}`, nick: 'old', text: `word ${i + 1}`, atMs: 0 }
  })
  ;(world.kept as Map<string, Message[]>).set(room, messages)
}

test('a room that fails comes back with its members and its history, and nothing is lost or shown twice', async (t) => {
  await using world = await simulatedChat(1)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const bob = await somebody(world, 'bob', 'lobby')
  const room = () => simulation.system.registry.find(roomName('lobby'))
  for (let n = 1; n <= 12; n++) {
    ann.ask({ type: 'say', room: 'lobby', text: `before ${n}` })
    // In one turn: what is said, nonsense over which the room fails, and what is said while it is away.
    room()?.send(simulation.ctx, { type: 'said' } as never)
    bob.ask({ type: 'say', room: 'lobby', text: `behind ${n}` })
    await simulation.advance(500)
  }
  await simulation.advance(60_000)
  const all = Array.from({ length: 24 }, (_, i) => i + 1)
  for (const client of [ann, bob]) {
    t.deepEqual(placesOf(client), all)
    viewsOf(client.events, world.kept)
  }
  bob.ask({ type: 'who', room: 'lobby' })
  await simulation.settle()
  t.deepEqual(bob.last('members')?.nicks, ['ann', 'bob'])
})

test('who comes back is shown all that came since, from however far back, and then what is new', async (t) => {
  await using world = await simulatedChat(2)
  const { simulation } = world
  fill(world, 'lobby', 900)
  Object.assign(world.faults, { delayMsMax: 30 })
  const talker = await somebody(world, 'talker', 'lobby')
  for (const after of [10, 640, 644, 899, 900]) {
    const client = await somebody(world, `at${after}`)
    client.ask({ type: 'join', room: 'lobby', after })
    for (let n = 0; n < 4; n++) {
      talker.ask({ type: 'say', room: 'lobby', text: `${after} ${n}` })
      await simulation.advance(100)
    }
    await simulation.advance(2_000)
    const [view] = viewsOf(client.events, world.kept)
    t.is(view?.from, after + 1)
    t.is(view?.seqs.at(-1), world.kept.get('lobby')!.length)
  }
})

test('a place that is too far back, or none, is told; without one the last 20 are shown', async (t) => {
  await using world = await simulatedChat(3)
  const { simulation } = world
  fill(world, 'lobby', 2_000)
  const client = await somebody(world, 'ann')
  client.ask({ type: 'join', room: 'lobby', after: 5 })
  await simulation.settle()
  t.is(client.last('failed')?.code, 'PLACE_TOO_OLD')
  for (const after of [undefined, 5_000]) {
    client.ask({ type: 'join', room: 'lobby', ...(after && { after }) })
    await simulation.settle()
    const { messages, isAll } = client.last('history')!
    t.deepEqual([messages.length, messages[0]?.seq, isAll], [20, 1_981, false])
    client.ask({ type: 'leave', room: 'lobby' })
    await simulation.settle()
    t.deepEqual(client.events.at(-1), { type: 'left', room: 'lobby', nick: 'ann' })
  }
  client.ask({ type: 'join', room: 'lobby' })
  client.ask({ type: 'history', room: 'lobby', before: 31, count: 30 })
  await simulation.advance(3_000)
  const history = client.last('history')!
  t.deepEqual([history.messages.length, history.messages[0]?.seq, history.isAll], [30, 1, true])
})

test('an empty room ends after a minute, and whoever joins while it does is in', async (t) => {
  await using world = await simulatedChat(4)
  const { simulation } = world
  for (const nick of ['ann', 'bob', 'cyd']) {
    const client = await somebody(world, nick, 'lobby')
    client.ask({ type: 'say', room: 'lobby', text: nick })
    client.ask({ type: 'leave', room: 'lobby' })
    await simulation.settle()
    const room = simulation.system.registry.get(roomName('lobby'))
    const other = await somebody(world, `${nick}2`)
    let ended = false
    room.watch().listen(
      () => (ended = true),
      () => {},
    )
    // Up to the very turn in which it ends.
    while (simulation.clock.nextDueMs < Infinity && !ended) {
      simulation.clock.advanceTo(simulation.clock.nextDueMs)
      other.ask({ type: 'who', room: 'nowhere' })
      if (simulation.clock.nowMs() > 3_600_000) t.fail('it does not end')
      const willEnd = room.isAlive
      simulation.turn()
      if (willEnd && !room.isAlive) other.ask({ type: 'join', room: 'lobby' })
      await simulation.settle()
    }
    if (other.last('joined') === undefined) other.ask({ type: 'join', room: 'lobby' })
    other.ask({ type: 'say', room: 'lobby', text: 'here' })
    await simulation.advance(2_000)
    t.is(placesOf(other).at(-1), world.kept.get('lobby')!.length)
    other.end.close()
    client.end.close()
    await simulation.advance(1_000)
  }
  await simulation.advance(120_000)
  t.is(simulation.system.registry.find(roomName('lobby')), undefined)
})

test('what is kept is shown although its author has left before he could be told', async (t) => {
  await using world = await simulatedChat(5)
  const { simulation } = world
  const bob = await somebody(world, 'bob', 'lobby')
  Object.assign(world.faults, { delayMsMax: 100 })
  for (let n = 1; n <= 20; n++) {
    const ann = await somebody(world, `ann${n}`, 'lobby')
    await simulation.advance(500)
    ann.ask({ type: 'say', room: 'lobby', text: `${n}` })
    await simulation.advance(20)
    ann.end.reset()
    await simulation.advance(300)
  }
  await simulation.advance(60_000)
  t.is(placesOf(bob).length, world.kept.get('lobby')!.length)
  t.true(placesOf(bob).length > 5)
})

test('what nobody has told the room is found by itself', async (t) => {
  await using world = await simulatedChat(6)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  Object.assign(world.faults, { forgetsRoom: 1 })
  ann.ask({ type: 'say', room: 'lobby', text: 'unheard' })
  await simulation.advance(30_000)
  t.deepEqual(placesOf(ann), [1])
  Object.assign(world.faults, { forgetsRoom: 0, doubts: 1 })
  for (let n = 0; n < 10; n++) ann.ask({ type: 'say', room: 'lobby', text: `in doubt ${n}`, id: `d${n}` })
  await simulation.advance(100)
  const { length } = world.kept.get('lobby')!
  t.true(length > 1 && length < 11)
  t.is(placesOf(ann).length, length)
  t.is(ann.of('failed').filter(({ code }) => code === 'TRANSACTION_UNKNOWN').length, 10)
  t.is(ann.last('failed')?.id, 'd9')
})

test('said again with its id it is not said twice, and its author gets the receipt of then', async (t) => {
  await using world = await simulatedChat(7)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const bob = await somebody(world, 'bob', 'lobby')
  for (let n = 0; n < 2; n++) ann.ask({ type: 'say', room: 'lobby', text: 'once', id: 'one' })
  ann.ask({ type: 'say', room: 'lobby', text: 'other', id: 'one' })
  await simulation.settle()
  const [first, second] = ann.of('said')
  t.deepEqual(second, { ...first!, isRepeat: true })
  t.deepEqual(bob.of('said'), [first!])
  t.is(ann.last('failed')?.code, 'MESSAGE_ID_TAKEN')
})

test('what cannot be read is told, what costs nothing else', async (t) => {
  await using world = await simulatedChat(8)
  const { simulation } = world
  const ann = world.connect()
  const wrong: [string, string][] = [
    ['hello', 'COMMAND_INVALID'],
    ['[]', 'COMMAND_INVALID'],
    ['{"type":"shout"}', 'COMMAND_INVALID'],
    ['{"type":"rooms","extra":1}', 'COMMAND_INVALID'],
    ['{"type":"say","room":"lobby","text":1}', 'COMMAND_INVALID'],
    ['{"type":"join","room":"lobby","after":-1}', 'COMMAND_INVALID'],
    ['{"type":"join","room":"lobby"}', 'NICK_NEEDED'],
    ['{"type":"nick","nick":"a\\nb"}', 'NICK_INVALID'],
    ['{"type":"nick","nick":"ann"}', ''],
    ['{"type":"join","room":"Lobby"}', 'ROOM_INVALID'],
    ['{"type":"say","room":"lobby","text":"x","id":"i"}', 'NOT_IN_ROOM'],
    ['{"type":"tell","to":"nick:ann","text":"x"}', 'NICK_UNKNOWN'],
    ['{"type":"join","room":"lobby"}', ''],
    ['{"type":"say","room":"lobby","text":"\\ud800"}', 'TEXT_INVALID'],
    ['{"type":"say","room":"lobby","text":"a\\nb"}', 'TEXT_INVALID'],
    ['{"type":"say","room":"lobby","text":"x","id":"a b"}', 'ID_INVALID'],
  ]
  for (const [text, code] of wrong) {
    const before = ann.of('failed').length
    ann.end.write(`${text}\n`)
    await simulation.advance(1_000)
    t.is(ann.of('failed').length, before + (code === '' ? 0 : 1), text)
    if (code !== '') t.is(ann.last('failed')?.code, code, text)
  }
})

test('a page that was cut off takes its nick and its place back, and is in the room once', async (t) => {
  await using world = await simulatedChat(9)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const bob = await somebody(world, 'bob', 'lobby')
  const { token } = ann.last('welcome')!
  const again = world.connect()
  again.ask({ type: 'nick', nick: 'ann', token: token.replace(/./, (c) => (c === '0' ? '1' : '0')) })
  await simulation.settle()
  t.is(again.last('failed')?.code, 'NICK_TAKEN')
  const { length } = bob.events
  again.ask({ type: 'nick', nick: 'ann', token })
  again.ask({ type: 'join', room: 'lobby', after: 0 })
  again.ask({ type: 'say', room: 'lobby', text: 'still here' })
  await simulation.advance(10_000)
  t.true(ann.end.hasEnded)
  t.deepEqual(ann.last('notice')?.text, 'connected from elsewhere')
  t.is(again.last('welcome')?.token, token)
  const noticed = bob.events.slice(length).map(({ type }) => type)
  t.true(['said', 'left joined said'].includes(noticed.join(' ')), noticed.join(' '))
  bob.ask({ type: 'who', room: 'lobby' })
  await simulation.settle()
  t.deepEqual(bob.last('members')?.nicks.toSorted(), ['ann', 'bob'])
})

test('all rooms end with their supervisor, and are there again for those who are in', async (t) => {
  await using world = await simulatedChat(14)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const bob = await somebody(world, 'bob', 'lobby')
  const cyd = await somebody(world, 'cyd', 'attic')
  const { tree } = world.chat
  for (let n = 1; n <= 3; n++) {
    for (let i = 0; i < 40; i++) {
      ann.ask({ type: 'say', room: 'lobby', text: `${n} ${i}` })
      cyd.ask({ type: 'say', room: 'attic', text: `${n} ${i}` })
      await simulation.settle()
      if (i === 10) await simulation.waitFor(tree.ask(simulation.ctx, { type: 'stopChild', name: 'rooms' }))
      if (i === 11)
        await simulation.waitFor(tree.ask(simulation.ctx, { type: 'restartChild', name: 'rooms' }))
      await simulation.advance(300)
    }
  }
  await simulation.advance(40_000)
  for (const client of [ann, bob, cyd]) {
    const [view, ...others] = viewsOf(client.events, world.kept)
    t.deepEqual([view?.from, view?.seqs.at(-1), others.length], [1, 120, 0])
  }
})

test('the directory fails, and everybody keeps his nick and the token for it', async (t) => {
  await using world = await simulatedChat(13)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const directory = simulation.system.registry.get(Directory)
  for (let n = 0; n < 5; n++) {
    directory.send(simulation.ctx, { type: 'claim' } as never)
    await simulation.advance(2_000)
  }
  const bob = await somebody(world, 'ANN')
  t.is(bob.last('failed')?.code, 'NICK_TAKEN')
  const again = world.connect()
  again.ask({ type: 'nick', nick: 'ann', token: ann.last('welcome')!.token })
  await simulation.advance(10_000)
  t.is(again.last('welcome')?.nick, 'ann')
  again.end.close()
  await simulation.advance(10_000)
  bob.ask({ type: 'nick', nick: 'ANN' })
  await simulation.settle()
  t.is(bob.last('welcome')?.nick, 'ANN')
})

test('trouble of the database is told by its code, and nothing is shown that is not kept', async (t) => {
  await using world = await simulatedChat(10)
  const { simulation } = world
  const ann = await somebody(world, 'ann', 'lobby')
  Object.assign(world.faults, { refuses: 1, readFails: 1 })
  ann.ask({ type: 'say', room: 'lobby', text: 'in vain', id: 'v' })
  ann.ask({ type: 'join', room: 'attic' })
  await simulation.settle()
  const [said, joined] = ann.of('failed')
  t.deepEqual([said?.code, said?.id, joined?.code], ['DATABASE_UNAVAILABLE', 'v', 'DATABASE_BUSY'])
  t.deepEqual(placesOf(ann), [])
})

test('there are 1,000 rooms and 20 for each; one more is refused', async (t) => {
  await using world = await simulatedChat(11)
  const { simulation } = world
  const clients = await Promise.resolve(Array.from({ length: 51 }, () => world.connect()))
  for (const [i, client] of clients.entries()) client.ask({ type: 'nick', nick: `n${i}` })
  for (let n = 0; n < 20; n++) {
    for (const [i, client] of clients.entries()) client.ask({ type: 'join', room: `r${i}-${n}` })
    await simulation.advance(1_000)
  }
  t.is(clients.flatMap((client) => client.of('joined')).length, 1_000)
  t.true(clients.some((client) => client.last('failed')?.code === 'ROOMS_FULL'))
  clients[0]!.ask({ type: 'join', room: 'r1-1' })
  clients[1]!.ask({ type: 'rooms' })
  await simulation.settle()
  t.is(clients[0]!.last('failed')?.code, 'ROOMS_LIMIT')
  t.is(clients[1]!.last('rooms')?.rooms.length, 100)
})

test('who does not read misses the oldest and is told how many; the room goes on without him', async (t) => {
  await using world = await simulatedChat(12)
  const { simulation, kept } = world
  const ann = await somebody(world, 'ann', 'lobby')
  const slow = await somebody(world, 'slow', 'lobby')
  const window = simulation.network.connect(
    { transport: 'tcp', host: '127.0.0.1', port: 81 },
    { windowBytes: 500 },
  )
  window.write('{"type":"nick","nick":"window"}\n{"type":"join","room":"lobby"}\n')
  await simulation.settle()
  for (let n = 1; n <= 250; n++) {
    ann.ask({ type: 'say', room: 'lobby', text: `${n} ${'€'.repeat(1_900)}` })
    await simulation.advance(100)
  }
  t.is(placesOf(slow).length, kept.get('lobby')!.length)
  window.drain()
  await simulation.advance(1_000)
  const events = window.received
    .toString()
    .trim()
    .split('\r\n')
    .map((text) => JSON.parse(text))
  const seqs = events.filter(({ type }) => type === 'said').map(({ seq }) => seq)
  const missed = events.filter(({ type }) => type === 'missed').reduce((sum, { count }) => sum + count, 0)
  t.true(missed > 0)
  t.is(seqs.length + missed, 250)
  t.is(seqs.at(-1), 250)
  window.close()
})
