/** Where messages are kept: the one thing that the chat needs of a database, so that a test can have another. */
import type { Context } from 'greenroom'
import type { Message } from './chat-event.ts'

/** What is to be said. */
export type NewMessage = Omit<Message, 'seq'>

export interface Receipt {
  readonly message: Message
  /** False where it had been said before. */
  readonly isNew: boolean
}

export interface Place {
  readonly room: string
  readonly seq: number
  readonly count: number
}

/** Each gives its messages in ascending order. What fails says why by a code: see failures.ts. */
export interface Store {
  /**
   * Keeps it, once, and tells the room's actor by a `said`, once it is kept.
   *
   * @throws ChatError (`MESSAGE_ID_TAKEN`) where the id stands for something else.
   */
  say(ctx: Context, message: NewMessage): PromiseLike<Receipt>
  /** The newest, `count` of them at most. */
  recent(ctx: Context, of: Omit<Place, 'seq'>): PromiseLike<readonly Message[]>
  /** The first `count` that came after `seq`. */
  after(ctx: Context, place: Place): PromiseLike<readonly Message[]>
  /** The last `count` that came before `seq`. */
  before(ctx: Context, place: Place): PromiseLike<readonly Message[]>
}
