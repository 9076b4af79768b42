/**
 * A room: the actor that shows its members what was said, each message once, in the order of the database.
 *
 * Rules: it shows what is committed and nothing else. What comes next is shown; what was shown before is ignored; where
 * something is missing, it is read from the database first. How far it has shown outlives it, as its members do: who follows
 * it goes on from there. Without members for a minute it ends; whoever wants it later has it made anew.
 */
import { type Received, receiving, System } from 'greenroom'
import type { Message } from './chat-event.ts'
import type { Member } from './member.ts'
import { Members } from './members.ts'
import { roomGroup, roomName } from './names.ts'
import type { Join, RoomEvent } from './room-event.ts'
import type { Store } from './store.ts'
import { WINDOW, Window } from './window.ts'

/** What somebody new is shown of what was said before. */
const NEWCOMERS_SEE = 20
/** What nobody has told it of is found so late, at most. */
const TICK_MS = 30_000
const EMPTY_MS = 60_000
/** When the database has trouble. */
const READ_AGAIN_MS = 1_000

export interface RoomOptions {
  readonly store: Store
  /** How far each room has shown what was said, to members that it still has. */
  readonly shown: Map<string, number>
}

type Joining = Received<Join, never>

export function roomLogic({ store, shown }: RoomOptions) {
  return receiving<RoomEvent, { readonly name: string }, typeof System>(
    function* ({ receive, watch, self, ctx, input: { name } }) {
      const { registry } = ctx.get(System)
      // One that is just ending still has the name: whoever asks for the room asks again.
      if (registry.register(roomName(name), self) !== 'registered') return
      const members = new Members(name, ctx.withoutCancel(), registry, watch)
      const window = new Window()
      /** They wait until the room knows where it stands. */
      let joining: Joining[] = []
      let isReading = false
      let isToRead = false
      let emptySinceMs = ctx.clock.nowMs()

      members.takeUp()
      if (registry.members(roomGroup(name)).length === 0) shown.delete(name)
      read()
      tickLater()

      for (;;) {
        const received = yield* receive()
        const { event } = received
        switch (event.type) {
          case 'said':
            if (window.last === undefined || event.message.seq > window.last + 1) read()
            else if (event.message.seq === window.last + 1) show(event.message)
            break
          case 'join':
            join(received as Joining)
            break
          case 'leave':
            joining = joining.filter((waiting) => waiting.event.member !== event.member)
            received.reply(members.leave(event.member))
            noteEmpty()
            break
          case 'down':
            members.gone(event.ref as Member)
            noteEmpty()
            break
          case 'renamed':
            members.rename(event.member, event.was, event.nick)
            break
          case 'who':
            received.reply(members.who())
            break
          case 'check':
            read()
            break
          case 'read':
            haveRead(event.messages)
            break
          case 'notRead':
            haveNotRead(event.error)
            break
          case 'tick':
            if (isOver()) {
              shown.delete(name)
              return
            }
            if (members.size > 0) read()
            tickLater()
        }
      }

      function show(message: Message): void {
        window.push(message)
        members.show({ type: 'said', ...message })
        shown.set(name, message.seq)
      }

      function join(received: Joining): void {
        const { event, reply } = received
        const { member, after } = event
        const { last } = window
        if (members.has(member)) reply({ outcome: 'joined' })
        else if (last === undefined) {
          joining.push(received)
          read()
        } else {
          // A place that is not reached yet is none of this database's.
          const messages =
            after === undefined || after > last ? window.newest(NEWCOMERS_SEE) : window.after(after)
          if (messages === undefined) reply({ outcome: 'behind' })
          else {
            const isAll = (messages[0]?.seq ?? last + 1) === 1
            const missed = { type: 'history', room: name, messages, isAll } as const
            reply({ outcome: members.join(member, missed, last) })
          }
        }
      }

      function noteEmpty(): void {
        if (members.size === 0) emptySinceMs = ctx.clock.nowMs()
      }

      /** Begins to read what comes next; or, where it does not know, where it stands. One at a time. */
      function read(): void {
        isToRead = isReading
        if (isReading) return
        isReading = true
        const { last: seq } = window
        const seen = shown.get(name)
        const count = WINDOW
        const reading =
          seq !== undefined
            ? store.after(ctx, { room: name, seq, count })
            : seen !== undefined
              ? store.before(ctx, { room: name, seq: seen + 1, count })
              : store.recent(ctx, { room: name, count })
        reading.then(
          (messages) => tellSelf({ type: 'read', messages }),
          (error) => tellSelf({ type: 'notRead', error }),
        )
      }

      /** Where its mailbox is full it looks again at its next tick. */
      function tellSelf(event: RoomEvent): void {
        if (self.send(ctx, event) === 'full') isReading = false
      }

      function haveRead(messages: readonly Message[]): void {
        isReading = false
        if (window.last === undefined) {
          const seen = shown.get(name)
          window.open(messages, seen)
          shown.set(name, window.last!)
          isToRead ||= seen !== undefined
          for (const waiting of joining.splice(0)) join(waiting)
        } else {
          for (const message of messages) if (message.seq > window.last) show(message)
          isToRead ||= messages.length === WINDOW
        }
        if (isToRead) read()
      }

      function haveNotRead(error: unknown): void {
        isReading = false
        ctx.log.warn({ room: name, error }, 'a room cannot read its history')
        for (const { reply } of joining.splice(0)) reply({ outcome: 'unavailable', error })
        if (members.size > 0) ctx.after(READ_AGAIN_MS).listen(check, ignore)
      }

      function isOver(): boolean {
        const isEmpty = members.size === 0 && joining.length === 0 && !isReading
        return isEmpty && ctx.clock.nowMs() - emptySinceMs >= EMPTY_MS
      }

      function tickLater(): void {
        ctx.after(TICK_MS).listen(() => self.send(ctx, { type: 'tick' }) === 'full' && tickLater(), ignore)
      }

      function check(): void {
        self.send(ctx, { type: 'check' })
      }
    },
    { name: 'room', needs: [System] },
  )
}

function ignore(): void {}
