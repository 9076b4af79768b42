/** What the members of rooms have seen, checked against what was kept: the law of the chat. */
import type { ChatEvent, Message } from '../../../examples/chat/chat-event.ts'

export interface View {
  readonly room: string
  /** Places, as they were shown. */
  readonly seqs: readonly number[]
  /** From where on it was to be told. */
  readonly from: number
  /** He has left, by his own will. */
  readonly hasLeft: boolean
}

/**
 * The stays of one connection in rooms, each without gap or duplicate.
 *
 * @throws what is wrong with it.
 */
export function viewsOf(events: readonly ChatEvent[], kept: ReadonlyMap<string, readonly Message[]>): View[] {
  const views: View[] = []
  const open = new Map<string, { room: string; from: number; seqs: number[]; hasLeft: boolean }>()
  /** History that came before he was in. */
  const ahead = new Map<string, Message[]>()
  let nick: string | undefined
  for (const event of events) {
    if (event.type === 'welcome') nick = event.nick
    if (event.type === 'history') {
      for (const message of event.messages) same(message, kept)
      ahead.set(event.room, [...(ahead.get(event.room) ?? []), ...event.messages])
    }
    if (event.type === 'joined' && event.nick === nick && !open.has(event.room)) {
      const seqs = (ahead.get(event.room) ?? []).map(({ seq }) => seq)
      ahead.delete(event.room)
      const last = seqs.at(-1) ?? event.last
      if (last !== event.last) throw new Error(`${event.room}: history ends at ${last}, not ${event.last}`)
      const view = { room: event.room, from: seqs[0] ?? event.last + 1, seqs, hasLeft: false }
      open.set(event.room, view)
      views.push(view)
    }
    if (event.type === 'said' && event.isRepeat !== true) {
      same(event, kept)
      const view = open.get(event.room)
      if (view === undefined) throw new Error(`${event.room} ${event.seq}: shown to one who is not in`)
      view.seqs.push(event.seq)
    }
    if (event.type === 'left' && event.nick === nick) {
      const view = open.get(event.room)
      if (view !== undefined) view.hasLeft = true
      open.delete(event.room)
    }
    if (event.type === 'missed') throw new Error(`${event.count} are missed`)
  }
  for (const { room, from, seqs } of views) {
    for (const [i, seq] of seqs.entries())
      if (seq !== from + i) throw new Error(`${room}: after ${seqs[i - 1]} comes ${seq}: ${seqs}`)
  }
  return views
}

function same(shown: Message, kept: ReadonlyMap<string, readonly Message[]>): void {
  const { room, seq, id, nick, text, atMs } = shown
  const message = kept.get(room)?.[seq - 1]
  const is = JSON.stringify({ room, seq, id, nick, text, atMs })
  const was =
    message &&
    JSON.stringify({
      room: message.room,
      seq: message.seq,
      id: message.id,
      nick: message.nick,
      text: message.text,
      atMs: message.atMs,
    })
  if (is !== was) throw new Error(`shown was ${is}, kept is ${was}`)
}
