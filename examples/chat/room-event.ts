/** What the actor of a room understands. */
import type { Ask, Down } from 'greenroom'
import type { Message } from './chat-event.ts'
import type { Member } from './member.ts'

export type RoomEvent =
  /** It is committed: emitted by the transaction that wrote it. */
  | { readonly type: 'said'; readonly message: Message }
  | Join
  | Ask<{ readonly type: 'leave'; readonly member: Member }, boolean>
  | { readonly type: 'renamed'; readonly member: Member; readonly was: string; readonly nick: string }
  | Ask<{ readonly type: 'who' }, Who>
  /** Something may be in the database of which it was not told. */
  | { readonly type: 'check' }
  /** A member is no more. */
  | Down
  | Inner

/** Without `after` somebody new: he is shown the last few. With it, all that came after that place, and nothing twice. */
export type Join = Ask<
  { readonly type: 'join'; readonly member: Member; readonly after?: number },
  JoinAnswer
>

export type JoinAnswer =
  | { readonly outcome: 'joined' }
  /** The place is older than what the room remembers: read on from the database, and join with a later one. */
  | { readonly outcome: 'behind' }
  | { readonly outcome: 'full' }
  /** The member is no more, or has no nick: somebody has taken it over. */
  | { readonly outcome: 'ended' }
  /** The room cannot read its history. */
  | { readonly outcome: 'unavailable'; readonly error: unknown }

export interface Who {
  readonly nicks: readonly string[]
  readonly count: number
}

/** What it tells itself. */
type Inner =
  | { readonly type: 'read'; readonly messages: readonly Message[] }
  | { readonly type: 'notRead'; readonly error: unknown }
  | { readonly type: 'tick' }
