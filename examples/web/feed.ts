/**
 * The feed: who watches is told of every transfer that was committed, in that order.
 *
 * It keeps the last transfers, and a viewer is no more than a place among them: he asks for what comes after it. So a slow one
 * costs no memory. What he has missed he cannot get any more, and is told how much it was.
 */
import { type Ask, actorName, type Context, type Received, type Ref, receiving } from 'greenroom'
import type { ServerSentEvent } from 'greenroom/actors'
import type { Transfer } from './transfer.ts'

/** Transfers that are kept for those who are behind, or come back. */
const WINDOW = 256
/** However long nothing happens: the most that a timer takes. */
const PATIENCE_MS = 2 ** 31 - 1

interface Place {
  /** Of the last event that was seen. */
  readonly id: string | undefined
  /** He was away, and may begin anew where too much has passed. */
  readonly isBack: boolean
}

type Look = Ask<{ readonly type: 'look'; readonly place: Place }, readonly FeedEvent[]>
/** An event of the stream. Everyone has an id, by which a viewer comes back. */
type FeedEvent = ServerSentEvent & { readonly id: string }
export type FeedMessage = { readonly type: 'transferred'; readonly transfer: Transfer } | Look

/** What the ledger's transactions emit to. */
export const Feed = actorName<FeedMessage>('feed')

/** The actor. */
export const feeding = receiving<FeedMessage>(function* ({ receive, ctx }) {
  // Ids of another life are not ours: it may have seen what we have not.
  const life = ctx.random.nextUint32().toString(36)
  const idOf = (n: number) => `${life}-${n}`
  const kept: FeedEvent[] = []
  let count = 0
  /** Who has seen all, and how to stop listening for his end. */
  const waiting = new Map<Received<Look, never>, () => void>()

  for (;;) {
    const received = yield* receive()
    const { event } = received
    if (event.type === 'transferred') {
      const told = { id: idOf(++count), data: JSON.stringify(event.transfer) }
      kept[count % WINDOW] = told
      for (const [look, unlisten] of waiting) {
        unlisten()
        look.reply([told])
      }
      waiting.clear()
    } else {
      const look = received as Received<Look, never>
      const events = after(event.place)
      if (events.length > 0) look.reply(events)
      else {
        waiting.set(
          look,
          look.ctx.onCancel(() => waiting.delete(look)),
        )
      }
    }
  }

  function after({ id, isBack }: Place): readonly FeedEvent[] {
    const [, of, digits] = /^(\w+)-(\d+)$/.exec(id ?? '') ?? []
    const seen = Number(digits)
    const missed = Math.max(0, count - WINDOW - seen)
    if (of !== life || seen > count || (isBack && missed > 0))
      return [{ id: idOf(count), event: 'reset', data: '{}' }]
    const events: FeedEvent[] = []
    if (missed > 0)
      events.push({ id: idOf(seen + missed), event: 'lost', data: JSON.stringify({ lost: missed }) })
    for (let n = seen + missed + 1; n <= count; n++) events.push(kept[n % WINDOW]!)
    return events
  }
})

/**
 * What one viewer is sent. It begins with `reset` where he has no place in the feed: what he knows of balances is to be read anew.
 *
 * @param lastId - of the event that he has seen last, if he was here before.
 */
export async function* follow(
  ctx: Context,
  feed: Ref<FeedMessage>,
  lastId: string | undefined,
): AsyncGenerator<FeedEvent> {
  let place: Place = { id: lastId, isBack: true }
  for (;;) {
    for (const event of await feed.ask(ctx, { type: 'look', place }, { timeoutMs: PATIENCE_MS })) {
      yield event
      place = { id: event.id, isBack: false }
    }
  }
}
