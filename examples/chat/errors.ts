/** What a client of the chat can ask for in vain. Nothing has happened. */
import { PeerError } from 'greenroom'

export type ChatErrorCode =
  | 'NICK_INVALID'
  /** Somebody else is called so. */
  | 'NICK_TAKEN'
  /** Nobody is called so. */
  | 'NICK_UNKNOWN'
  /** Only who has a nick can do that. */
  | 'NICK_NEEDED'
  | 'ROOM_INVALID'
  /** It is done in a room, and in none was asked for. */
  | 'ROOM_NEEDED'
  | 'NOT_IN_ROOM'
  /** In no more rooms at a time. */
  | 'ROOMS_LIMIT'
  /** There are as many rooms, or members of this one, as there may be. */
  | 'ROOM_FULL'
  | 'ROOMS_FULL'
  | 'TEXT_INVALID'
  | 'ID_INVALID'
  /** Something else was said under that id. */
  | 'MESSAGE_ID_TAKEN'
  /** The place given to `join` is too far back to catch up from. */
  | 'PLACE_TOO_OLD'
  /** Too many of them in a short time. */
  | 'FLOOD'
  | 'COMMAND_UNKNOWN'
  | 'COMMAND_INVALID'
  /** Its actor is just being restarted, or has more to do than it can. */
  | 'CHAT_UNAVAILABLE'

export class ChatError extends PeerError {
  declare readonly code: ChatErrorCode

  constructor(code: ChatErrorCode, message: string) {
    super(code, message)
  }
}
