/**
 * The transactions of the chat: they run on the database threads, the same on SQLite and on PostgreSQL.
 *
 * Rules: the places of a room are dense, and handed out in the order of commits. What is said is emitted by the transaction
 * that keeps it: what anybody sees is kept, and the history is what was seen.
 */
import { query, transaction } from 'greenroom/actors'
import type { Message } from './chat-event.ts'
import { ChatError } from './errors.ts'
import { roomName } from './names.ts'
import type { NewMessage, Place, Receipt } from './store.ts'

// Whoever writes has the room's row until it has committed: others queue behind it, and none takes a place that is not kept.
const ADVANCE =
  'insert into room (name, last) values (?, 1) on conflict (name) do update set last = room.last + 1 returning last'
const STEP_BACK = 'update room set last = last - 1 where name = ?'
const KEEP = `insert into message (room, seq, id, nick, body, at_ms) values (?, ?, ?, ?, ?, ?)
  on conflict (room, id) do nothing`
const COLUMNS = 'room, seq, id, nick, body as "text", at_ms as "atMs"'
const BY_ID = `select ${COLUMNS} from message where room = ? and id = ?`
const NEWEST = `select ${COLUMNS} from message where room = ? order by seq desc limit ?`
const AFTER = `select ${COLUMNS} from message where room = ? and seq > ? order by seq limit ?`
const BEFORE = `select ${COLUMNS} from message where room = ? and seq < ? order by seq desc limit ?`

/** One row is all that writers of a room have in common: they wait for it, where `serializable` would fail them. */
const QUEUEING = { isolation: 'read committed' } as const

/** Says something, once: said again under its id, it gives the first one's receipt. */
export const say = transaction(function* (tx, wanted: NewMessage) {
  const { room, id, nick, text, atMs } = wanted
  const { last: seq } = yield* tx.one<{ last: number }>(ADVANCE, [room])
  const kept = yield* tx.run(KEEP, [room, seq, id, nick, text, atMs])
  if (kept.changes === 0) {
    yield* tx.run(STEP_BACK, [room])
    const message = yield* tx.one<Message>(BY_ID, [room, id])
    if (message.nick === nick && message.text === text) return { message, isNew: false } satisfies Receipt
    throw new ChatError('MESSAGE_ID_TAKEN', `"${id}" was said before in ${room}, and was something else`)
  }
  const message: Message = { ...wanted, seq }
  tx.emit(roomName(room), { type: 'said', message })
  return { message, isNew: true } satisfies Receipt
}, QUEUEING)

export const recent = query(function* (tx, { room, count }: Omit<Place, 'seq'>) {
  return (yield* tx.all<Message>(NEWEST, [room, count])).reverse()
}, QUEUEING)

export const after = query(function* (tx, { room, seq, count }: Place) {
  return yield* tx.all<Message>(AFTER, [room, seq, count])
}, QUEUEING)

export const before = query(function* (tx, { room, seq, count }: Place) {
  return (yield* tx.all<Message>(BEFORE, [room, seq, count])).reverse()
}, QUEUEING)
