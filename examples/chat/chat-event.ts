/**
 * What a client of the chat is told: all of it, for every protocol. As JSON it is sent as it stands here; lines.ts makes it
 * readable for people.
 */

/** What was said in a room. It is in the database before anybody sees it. */
export interface Message {
  readonly room: string
  /** Its place in the room: 1, 2, 3 and so on, without a hole, the same for everybody. */
  readonly seq: number
  /** Its author's own: said again under this id, it is not said twice. */
  readonly id: string
  readonly nick: string
  readonly text: string
  /** When it was taken: milliseconds since 1970. */
  readonly atMs: number
}

export type ChatEvent =
  /** You have a name. Who shows the token takes the name over from the connection that has it. */
  | { readonly type: 'welcome'; readonly nick: string; readonly token: string }
  /** Somebody has another name: in this room; without a room it is you. */
  | { readonly type: 'named'; readonly was: string; readonly nick: string; readonly room?: string }
  /** Somebody is in the room: you, where it is your name, and what follows `last` you are told from now on. */
  | { readonly type: 'joined'; readonly room: string; readonly nick: string; readonly last: number }
  /** Somebody is no more in the room. Where it is you nothing more of it comes. */
  | { readonly type: 'left'; readonly room: string; readonly nick: string }
  /** Somebody has said something. With `isRepeat` you have said it before, and this is the receipt of then. */
  | ({ readonly type: 'said'; readonly isRepeat?: true } & Message)
  /** Privately, to you or by you. Nobody keeps it. */
  | {
      readonly type: 'told'
      readonly from: string
      readonly to: string
      readonly text: string
      readonly atMs: number
    }
  /** Who is in the room, 1,000 at most, and how many they are. */
  | {
      readonly type: 'members'
      readonly room: string
      readonly nicks: readonly string[]
      readonly count: number
    }
  /** What was said before, the oldest first. `isAll`: nothing is older. */
  | {
      readonly type: 'history'
      readonly room: string
      readonly messages: readonly Message[]
      readonly isAll: boolean
    }
  /** Rooms with somebody in them, the fullest first, 100 at most. */
  | { readonly type: 'rooms'; readonly rooms: readonly RoomSize[] }
  /** It was not done. `id` is that of what was to be said. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly id?: string }
  /** For people to read. */
  | { readonly type: 'notice'; readonly text: string }
  /** You read too slowly, and so many events are lost to you. What was said is in the history. */
  | { readonly type: 'missed'; readonly count: number }

export interface RoomSize {
  readonly room: string
  readonly members: number
}
