/**
 * Law: any two members of a room see the same messages in the same order, without gap or duplicate from their joining to their
 * leaving, and it is the history; whatever fails meanwhile.
 *
 * Here's how it works: clients connect, join, say, leave, are cut off and come back at random, with all latencies and faults
 * drawn from one seed; rooms and the directory are made to fail. In the end all is calm for two minutes, and everything that
 * any client was ever told is checked against what is kept.
 */
import test from 'ava'
import { createSeededRandom } from 'greenroom/testing'
import { Directory } from '../../../examples/chat/directory.ts'
import { roomName } from '../../../examples/chat/names.ts'
import { dice, FAULTLESS, type SimulatedClient, simulatedChat } from './simulated-chat.ts'
import { viewsOf } from './views.ts'

const SEEDS = Number(process.env.CHAT_SEEDS ?? 20)
const FIRST = Number(process.env.CHAT_SEED ?? 1)
const STEPS = 400
const ROOMS = ['lobby', 'attic']
const NICKS = ['ann', 'bob', 'cyd', 'dan']

const FAULTS = {
  delayMsMax: 40,
  refuses: 0.03,
  doubts: 0.05,
  forgetsRoom: 0.05,
  readFails: 0.1,
  throws: 0.02,
  poisons: 0.02,
}

interface Somebody {
  readonly nick: string
  client: SimulatedClient
  /** All that it ever had. */
  readonly clients: SimulatedClient[]
  token: string | undefined
  said: { room: string; text: string; id: string }[]
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
  test.serial(`seed ${seed}`, async (t) => {
    await using world = await simulatedChat(
      seed,
      seed % 3 === 0 ? { pieceBytesMax: 40, jitterMsMax: 20 } : {},
    )
    const { simulation, kept, faults } = world
    const { registry } = simulation.system
    const roll = dice(createSeededRandom(seed * 7 + 3))
    const clients: SimulatedClient[] = []
    const connect = () => {
      const client = world.connect()
      clients.push(client)
      return client
    }
    const everybody = NICKS.map((nick): Somebody => {
      const client = connect()
      client.ask({ type: 'nick', nick })
      for (const room of ROOMS) client.ask({ type: 'join', room })
      return { nick, client, clients: [client], token: undefined, said: [] }
    })
    Object.assign(faults, seed % 5 === 0 ? { delayMsMax: 5 } : FAULTS)
    await simulation.advance(10)

    for (let step = 0; step < STEPS; step++) {
      const one = everybody[roll(everybody.length)]!
      const room = ROOMS[roll(ROOMS.length)]!
      one.token = one.client.last('welcome')?.token ?? one.token
      // Where there was no token yet to take it over by, somebody who was cut off has it for good.
      if (one.client.last('welcome') === undefined && one.client.last('failed')?.code === 'NICK_TAKEN')
        one.client.ask({ type: 'nick', nick: `${one.nick}-${step}` })
      const dare = roll(100)
      if (dare < 70) {
        const again = one.said[roll(one.said.length * 4)]
        const said = again ?? { room, text: `${one.nick} ${step}`, id: `${one.nick}-${step}` }
        if (again === undefined) one.said.push(said)
        one.client.ask({ type: 'say', ...said })
      } else if (dare < 82) one.client.ask({ type: 'join', room, ...placeOf(one, room, roll) })
      else if (dare < 86) one.client.ask({ type: 'leave', room })
      else if (dare < 93) {
        const how = roll(3)
        if (how === 0) one.client.end.reset()
        else if (how === 1) one.client.end.end()
        one.client = connect()
        one.clients.push(one.client)
        one.client.ask({ type: 'nick', nick: one.nick, ...(one.token && { token: one.token }) })
        one.client.ask({ type: 'join', room, ...placeOf(one, room, roll) })
      } else if (dare < 95) registry.find(roomName(room))?.stop('an operator wants it so')
      else if (dare < 96) registry.find(roomName(room))?.send(simulation.ctx, { type: 'said' } as never)
      else if (dare < 97) registry.find(Directory)?.send(simulation.ctx, { type: 'claim' } as never)
      else await simulation.advance(roll(3) * 40_000)
      if (roll(3) > 0) await simulation.advance(roll(500))
      else await simulation.settle()
    }

    Object.assign(faults, FAULTLESS)
    await simulation.advance(120_000)
    // What was said last is what everybody is shown who is in, and told to be.
    let messages = 0
    for (const [room, all] of kept) {
      t.deepEqual(
        all.map(({ seq }) => seq),
        all.map((_, i) => i + 1),
      )
      t.is(new Set(all.map(({ id }) => id)).size, all.length, room)
      messages += all.length
    }
    let stays = 0
    for (const client of clients) {
      const views = viewsOf(client.events, kept)
      stays += views.length
      if (client.end.hasEnded || client.end.wasReset) continue
      for (const { room, seqs, from, hasLeft } of views)
        if (!hasLeft)
          t.is(seqs.at(-1) ?? from - 1, kept.get(room)?.length ?? 0, `${room}: the end is missing`)
    }
    const enough = stays > 10 && messages > 20
    t.true(enough, `${stays} stays, ${messages} messages`)
    t.log(`${clients.length} connections, ${stays} stays, ${messages} messages, ${world.poisoned()} poisoned`)
    for (const client of clients) client.end.close()
  })
}

/** Somebody comes back to what he has seen last, or begins anew. */
function placeOf({ clients }: Somebody, room: string, roll: (sides: number) => number): { after?: number } {
  if (roll(3) === 0) return {}
  const seen = clients.flatMap(({ events }) =>
    events.flatMap((event) => {
      if (event.type === 'said' && event.room === room && event.isRepeat !== true) return [event.seq]
      if (event.type === 'history' && event.room === room) return event.messages.map(({ seq }) => seq)
      return []
    }),
  )
  return seen.length === 0 ? {} : { after: Math.max(...seen) }
}
