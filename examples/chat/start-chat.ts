/**
 * Starts the chat in a system: the tree of its actors, and a listener for people with `nc`.
 *
 * What fails together: nothing. A room, the directory, a session are each restarted, or ended, alone; what rooms and directory
 * know that must outlive them stands in the registry and in `shown`.
 */
import {
  type ActorSystem,
  child,
  dynamicSupervisor,
  type Ref,
  type SupervisorEvent,
  type System,
  supervisor,
} from 'greenroom'
import { type ListenConfig, type Listening, line, listen, type SessionLogic } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'
import { parseJson } from './command.ts'
import { Directory, directory } from './directory.ts'
import { Rooms } from './entrance.ts'
import { GREETING, HELP, parseLine, toLines } from './lines.ts'
import { roomLogic } from './room.ts'
import { makeSession } from './session.ts'
import type { Store } from './store.ts'

const ROOMS_MAX = 1_000
/** Of a room: all that a turn may bring. What is too much it finds in the database. */
const ROOM_CAPACITY = 16_384
const DIRECTORY_CAPACITY = 16_384
/** People listen for hours. */
const IDLE_MS = 4 * 3_600_000
/** Nothing gives up: what fails again and again is tried again ever more seldom, and harms nobody else. */
const PACE = { backoff: { minMs: 50, maxMs: 10_000 } }

/** `endpoint`: where lines are spoken. */
export interface ChatOptions extends Pick<ListenConfig<never>, 'endpoint' | 'tls'> {
  readonly store: Store
}

/** A way to talk to the chat: what a protocol of messages needs to be told. */
export interface ChatFace {
  readonly session: SessionLogic<string, ChatEvent, typeof System>
  readonly encode: (event: ChatEvent) => string | readonly string[]
  /** Who reads slowly misses the oldest, and is told how many. */
  readonly whenSlow: 'dropOldest'
  readonly missed: (count: number) => ChatEvent
}

export interface Chat {
  /** Of its actors, for operators: rooms and directory can be stopped and started there. */
  readonly tree: Ref<SupervisorEvent>
  readonly listening: Listening
  /** For a protocol whose messages are JSON texts: WebSocket, say. */
  readonly json: ChatFace & { readonly encode: (event: ChatEvent) => string }
}

/** @throws ListenError */
export async function startChat(system: ActorSystem, { store, endpoint, tls }: ChatOptions): Promise<Chat> {
  const { ctx } = system
  const tree = system.spawn(ctx, chatTree(store), { name: 'chat', restart: { policy: 'permanent', ...PACE } })
  const missed = (count: number): ChatEvent => ({ type: 'missed', count })
  const slow = { whenSlow: 'dropOldest', missed } as const
  const lines: ChatFace = {
    session: makeSession({ store, parse: parseLine, greeting: GREETING, help: HELP }),
    encode: toLines,
    ...slow,
  }
  const json = {
    session: makeSession({
      store,
      parse: parseJson,
      greeting: 'this is the chat of greenroom',
      help: ['see examples/chat/README.md'],
    }),
    encode: (event: ChatEvent) => JSON.stringify(event),
    ...slow,
  }
  const protocol = line({ ...lines, limits: { idleTimeoutMs: IDLE_MS } })
  const listening = await listen(ctx, { endpoint, protocol, name: 'chat lines', ...(tls && { tls }) })
  return { tree, listening, json }
}

function chatTree(store: Store) {
  const rooms = dynamicSupervisor({
    name: 'rooms',
    logic: roomLogic({ store, shown: new Map() }),
    childrenMax: ROOMS_MAX,
    restart: 'transient',
    mailbox: { capacity: ROOM_CAPACITY },
    ...PACE,
  })
  return supervisor({
    name: 'chat',
    ...PACE,
    children: [
      child('directory', directory, { as: Directory, mailbox: { capacity: DIRECTORY_CAPACITY } }),
      child('rooms', rooms, { as: Rooms }),
    ],
  })
}
