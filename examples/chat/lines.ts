/**
 * The chat in lines, for people with `nc` or telnet: what they type as commands, and events as what they read.
 *
 * Rules: a line that begins with `*` or `!` is the server's, one that begins with `[` was said. No name and no text can look
 * like another line's beginning: names are letters, digits, `_` and `-`, and a text holds no control characters.
 */
import type { ChatEvent, Message } from './chat-event.ts'
import type { Command, Parse } from './command.ts'
import { ChatError } from './errors.ts'

export const GREETING =
  'this is the chat of greenroom: begin with /nick NAME and /join lobby; /help tells more'

export const HELP: readonly string[] = [
  '/nick NAME: what you are called',
  '/join ROOM: enters a room, which is made if it is not there; /leave [ROOM]',
  'anything else is said in the room that you have joined last; // at its beginning stands for one /',
  '/msg NAME TEXT: for nobody else',
  '/who [ROOM], /rooms, /history [COUNT], /quit',
]

/** In hundreds. */
const HISTORY_MAX = 100

export const parseLine: Parse = (line) => {
  if (line === '') return undefined
  if (!line.startsWith('/')) return { type: 'say', text: line }
  if (line.startsWith('//')) return { type: 'say', text: line.slice(1) }
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/su.exec(line) ?? []
  const make = COMMANDS[name]
  if (make === undefined)
    throw new ChatError('COMMAND_UNKNOWN', 'there is no such command: /help tells which')
  return make(rest)
}

const COMMANDS: Readonly<Record<string, (rest: string) => Command>> = {
  __proto__: null as never,
  nick: (nick) => ({ type: 'nick', nick }),
  join: (room) => ({ type: 'join', room: room.toLowerCase() }),
  leave: (room) => ({ type: 'leave', ...inRoom(room) }),
  who: (room) => ({ type: 'who', ...inRoom(room) }),
  history: (digits) => ({ type: 'history', ...(digits !== '' && { count: countOf(digits) }) }),
  msg: (rest) => {
    const [, to = '', text = ''] = /^(\S*)\s?(.*)$/su.exec(rest) ?? []
    return { type: 'tell', to, text }
  },
  rooms: () => ({ type: 'rooms' }),
  help: () => ({ type: 'help' }),
  quit: () => ({ type: 'quit' }),
}

function inRoom(room: string): { readonly room?: string } {
  return room === '' ? {} : { room: room.toLowerCase() }
}

function countOf(digits: string): number {
  const count = Number(digits)
  if (/^\d+$/.test(digits) && count >= 1 && count <= HISTORY_MAX) return count
  throw new ChatError('COMMAND_INVALID', `/history takes a number from 1 to ${HISTORY_MAX}`)
}

export function toLines(event: ChatEvent): string | readonly string[] {
  switch (event.type) {
    case 'welcome':
      return `* you are ${event.nick}`
    case 'named':
      return event.room === undefined
        ? `* you are ${event.nick}, and were ${event.was}`
        : `* ${event.was} is now ${event.nick}`
    case 'joined':
      return `* ${event.nick} has joined ${event.room}`
    case 'left':
      return `* ${event.nick} has left ${event.room}`
    case 'said':
      return said(event)
    case 'told':
      return `[${event.from} to ${event.to}] ${event.text}`
    case 'members':
      return `* in ${event.room} are ${event.count}: ${event.nicks.join(', ')}`
    case 'history': {
      const lines = event.messages.map(said)
      return event.isAll ? [`* here ${event.room} begins`, ...lines] : lines
    }
    case 'rooms':
      if (event.rooms.length === 0) return '* nobody is in any room: /join one'
      return event.rooms.map(({ room, members }) => `* ${room}: ${members}`)
    case 'failed':
      return `! ${plain(event.message)} (${event.code})`
    case 'notice':
      return `* ${plain(event.text)}`
    case 'missed':
      return `! you read too slowly and have missed ${event.count} messages`
  }
}

function said({ room, nick, text }: Message): string {
  return `[${room}] ${nick}: ${text}`
}

/** What a database says of itself may be anything. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
