/**
 * The chat in a simulation: its store is a list in memory, which is as late, as forgetful and as broken as the test wants; its
 * clients speak JSON, a text a line, over the memory network.
 */
import { type Deferred, nextFraction, type Random } from 'greenroom'
import { DatabaseError, line, listen, TransactionError } from 'greenroom/actors'
import {
  createSeededRandom,
  createSimulation,
  type MemoryClient,
  type MemoryFaults,
  type Simulation,
} from 'greenroom/testing'
import type { ChatEvent, Message } from '../../../examples/chat/chat-event.ts'
import { ChatError } from '../../../examples/chat/errors.ts'
import { roomName } from '../../../examples/chat/names.ts'
import { type Chat, startChat } from '../../../examples/chat/start-chat.ts'
import type { Receipt, Store } from '../../../examples/chat/store.ts'

const JSON_ADDRESS = { transport: 'tcp', host: '127.0.0.1', port: 81 } as const

/** How probable it is, 0 to 1, and how late. All default to 0. */
export interface StoreFaults {
  delayMsMax: number
  /** Nothing happens, and it is told. */
  refuses: number
  /** It is kept or not, and nobody is told. */
  doubts: number
  /** It is kept, and the room is not told. */
  forgetsRoom: number
  /** A read fails. */
  readFails: number
  /** A read throws at once, as only a bug does. */
  throws: number
  /** What it tells the room is nonsense, over which the room fails. */
  poisons: number
}

export const FAULTLESS: StoreFaults = {
  delayMsMax: 0,
  refuses: 0,
  doubts: 0,
  forgetsRoom: 0,
  readFails: 0,
  throws: 0,
  poisons: 0,
}

export interface SimulatedChat extends AsyncDisposable {
  readonly simulation: Simulation
  readonly chat: Chat
  /** What is kept, by room. */
  readonly kept: ReadonlyMap<string, Message[]>
  readonly faults: StoreFaults
  /** How often the room was told nonsense. */
  readonly poisoned: () => number
  connect(): SimulatedClient
}

export async function simulatedChat(seed: number, network: MemoryFaults = {}): Promise<SimulatedChat> {
  const simulation = createSimulation({ seed, faults: network })
  const { system, ctx } = simulation
  const random = createSeededRandom(seed + 1)
  const kept = new Map<string, Message[]>()
  const faults = { ...FAULTLESS }
  let poisoned = 0
  const chance = (probability: number) => nextFraction(random) < probability
  const later = () => ctx.after(Math.floor(nextFraction(random) * faults.delayMsMax))
  const of = (room: string) => {
    if (!kept.has(room)) kept.set(room, [])
    return kept.get(room)!
  }
  const tell = (room: string, event: object) =>
    later().then(() => void system.registry.find(roomName(room))?.send(ctx, event as never))

  const store: Store = {
    say(asker, wanted) {
      const said = later().then((): Receipt | Deferred<Receipt> => {
        if (chance(faults.refuses)) throw new DatabaseError('DATABASE_UNAVAILABLE', 'the server is down')
        const isDoubtful = chance(faults.doubts)
        const unknown = new TransactionError('TRANSACTION_UNKNOWN', 'in doubt')
        if (isDoubtful && chance(0.5)) throw unknown
        const messages = of(wanted.room)
        const before = messages.find(({ id }) => id === wanted.id)
        if (before !== undefined) {
          if (before.text === wanted.text && before.nick === wanted.nick)
            return { message: before, isNew: false }
          throw new ChatError('MESSAGE_ID_TAKEN', 'taken')
        }
        const message = { ...wanted, seq: messages.length + 1 }
        messages.push(message)
        if (isDoubtful) throw unknown
        if (!chance(faults.forgetsRoom)) void tell(wanted.room, { type: 'said', message })
        if (chance(faults.poisons)) {
          poisoned += 1
          void tell(wanted.room, { type: 'said' })
        }
        return later().then(() => ({ message, isNew: true }))
      })
      return asker.bind(said)
    },
    recent: (asker, { room, count }) => read(asker, () => of(room).slice(-count)),
    after: (asker, { room, seq, count }) => read(asker, () => of(room).slice(seq, seq + count)),
    before: (asker, { room, seq, count }) =>
      read(asker, () => of(room).slice(Math.max(0, seq - 1 - count), Math.max(0, seq - 1))),
  }

  function read(asker: typeof ctx | Parameters<Store['say']>[0], look: () => readonly Message[]) {
    if (chance(faults.throws)) throw new Error('a bug of the store')
    const found = later().then(() => {
      const seen = look()
      return later().then(() => {
        if (chance(faults.readFails)) throw new DatabaseError('DATABASE_BUSY', 'locked')
        return seen
      })
    })
    return asker.bind(found)
  }

  const chat = await simulation.waitFor(startChat(system, { store, endpoint: 'tcp:127.0.0.1:80' }))
  await simulation.waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:81', protocol: line({ ...chat.json }) }))
  return {
    simulation,
    chat,
    kept,
    faults,
    poisoned: () => poisoned,
    connect: () => new SimulatedClient(simulation.network.connect(JSON_ADDRESS)),
    async [Symbol.asyncDispose]() {
      Object.assign(faults, FAULTLESS)
      await simulation.advance(1_000)
      await simulation[Symbol.asyncDispose]()
    },
  }
}

export class SimulatedClient {
  readonly end: MemoryClient
  private read = 0
  private readonly parsed: ChatEvent[] = []

  constructor(end: MemoryClient) {
    this.end = end
  }

  /** All that it was told, in order. What is no JSON is the protocol's own last word. */
  get events(): readonly ChatEvent[] {
    const { received } = this.end
    for (;;) {
      const at = received.indexOf('\r\n', this.read)
      if (at < 0) return this.parsed
      const text = received.toString('utf8', this.read, at)
      this.read = at + 2
      if (text.startsWith('{')) this.parsed.push(JSON.parse(text) as ChatEvent)
      else this.parsed.push({ type: 'notice', text })
    }
  }

  ask(command: object): void {
    this.end.write(Buffer.from(`${JSON.stringify(command)}\n`))
  }

  of<Type extends ChatEvent['type']>(type: Type): readonly Extract<ChatEvent, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as never
  }

  last<Type extends ChatEvent['type']>(type: Type): Extract<ChatEvent, { type: Type }> | undefined {
    return this.of(type).at(-1)
  }
}

export function dice(random: Random): (sides: number) => number {
  return (sides) => Math.floor(nextFraction(random) * sides)
}
