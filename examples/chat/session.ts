/**
 * A session: the actor that speaks for one peer, whatever its protocol. Messages are parsed, done one after the other, and
 * what comes of them is sent to the peer; what rooms have to say goes to its connection directly.
 *
 * Rules: who sends too much is told so, once a second at most, and disconnected where he does not listen. A failure that
 * nobody has thought of ends this session and no other.
 */
import { type Down, receiving, System } from 'greenroom'
import type { Peer, SessionEvent, SessionLogic } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'
import type { Command, Parse } from './command.ts'
import type { Waiting } from './entrance.ts'
import { failureOf } from './failures.ts'
import { Flood } from './flood.ts'
import type { Store } from './store.ts'
import { Visitor } from './visitor.ts'

export interface SessionOptions {
  readonly store: Store
  readonly parse: Parse
  readonly greeting: string
  readonly help: readonly string[]
}

/** Of what costs more than others. */
const UNITS: Partial<Record<Command['type'], number>> = { rooms: 5, history: 5, join: 2 }
const TOLD_EVERY_MS = 1_000

const FAREWELLS: Readonly<Partial<Record<string, string>>> = {
  drain: 'the server is stopping',
  idle: 'nothing has come from you for too long',
}

type Event = SessionEvent<string> | Down | { readonly type: 'tellFlood' }

export function makeSession({
  store,
  parse,
  greeting,
  help,
}: SessionOptions): SessionLogic<string, ChatEvent, typeof System> {
  return receiving<Event, Peer<ChatEvent>, typeof System>(
    function* ({ receive, wait, watch, self, ctx, input: peer }) {
      const { clock } = ctx
      const { registry } = ctx.get(System)
      const visitor = new Visitor({ ctx, registry, store, peer, wait }, watch)
      const flood = new Flood(clock.nowMs())
      let toldMs = Number.NEGATIVE_INFINITY
      let willTell = false
      notice(greeting)
      try {
        for (;;) {
          const { event } = yield* receive()
          flood.rested(clock.nowMs())
          if (event.type === 'ended') {
            const farewell = FAREWELLS[event.cause]
            if (farewell !== undefined) notice(farewell)
            return
          }
          if (event.type === 'message') {
            if (yield* hears(event.message)) return
          } else if (event.type === 'down') {
            yield* visitor.lost(event.ref)
          } else {
            willTell = false
            tellFlood()
          }
          flood.wasBusy(clock.nowMs())
        }
      } finally {
        visitor.goes()
      }

      /** @returns whether that was the last. */
      function* hears(message: string): Waiting<boolean> {
        let id: string | undefined
        try {
          // What cannot be read costs as much as what can.
          const command = parsed(message)
          if (
            !flood.takes(clock.nowMs(), command instanceof Error ? 1 : (UNITS[command?.type ?? 'say'] ?? 1))
          )
            return refuse()
          if (command instanceof Error) throw command
          if (command === undefined) return false
          if (command.type === 'quit') {
            notice('goodbye')
            return true
          }
          if (command.type === 'help') {
            help.forEach(notice)
          } else {
            if (command.type === 'say') id = command.id
            yield* visitor.does(command)
          }
        } catch (error) {
          peer.send(failureOf(error, id))
        }
        return false
      }

      function parsed(message: string): Command | Error | undefined {
        try {
          return parse(message)
        } catch (error) {
          return error as Error
        }
      }

      function refuse(): boolean {
        tellFlood()
        if (flood.isTooMuch) peer.hangUp({ code: 1_008, reason: 'too many messages in a short time' })
        return false
      }

      function tellFlood(): void {
        const nowMs = clock.nowMs()
        if (flood.untold === 0 || willTell) return
        const inMs = toldMs + TOLD_EVERY_MS - nowMs
        if (inMs > 0) {
          willTell = true
          ctx.after(inMs).listen(
            () => self.send(ctx, { type: 'tellFlood' }),
            () => {},
          )
          return
        }
        const message = `${flood.untold} of your messages were not taken: 10 a second are, or 20 at once`
        flood.untold = 0
        toldMs = nowMs
        peer.send({ type: 'failed', code: 'FLOOD', message })
      }

      function notice(text: string): void {
        peer.send({ type: 'notice', text })
      }
    },
    { name: 'session', needs: [System] },
  ) as SessionLogic<string, ChatEvent, typeof System>
}
