/**
 * The receiver's side: a message may come twice, and is to be heeded once.
 *
 * The receiver notes the id in the transaction in which it does what the message asks for: so both are there, or neither.
 */
import type { Steps } from '../step.ts'
import type { Tx } from '../thread/tx.ts'

export interface Received<R> {
  /** Whether it came for the first time. */
  readonly isNew: boolean
  /** What `body` has given; undefined where it was not run. */
  readonly value: R | undefined
}

/** Notes that one call of `forgetReceived` deletes at most: it holds up no other transaction for long. */
const FORGET_MAX = 1_000

/**
 * Runs `body` unless this receiver has had the message before, and notes that it has had it, in this transaction:
 *
 *     export const book = transaction(function* (tx, { id, payload }: Message<Order>) {
 *       const { isNew } = yield* once(tx, 'bookings', id, () => insertBooking(tx, payload))
 *       return isNew
 *     })
 *
 * What `body` throws undoes what it has done, and the note: the message may come again.
 *
 * @param receiver - who has received it: one message may be for several. The ids of one receiver come from one outbox, or tell
 *   which they come from.
 */
export function* once<R>(
  tx: Tx,
  receiver: string,
  id: string | number,
  body: () => Steps<R>,
): Steps<Received<R>> {
  // In a savepoint, so that one who catches what `body` throws does not keep the note alone.
  return yield* tx.savepoint(function* (): Steps<Received<R>> {
    const { changes } = yield* tx.run(
      'insert into greenroom_inbox (receiver, id, received_ms) values (?, ?, ?) on conflict do nothing',
      [receiver, String(id), Math.floor(tx.ctx.clock.wallMs())],
    )
    if (changes === 0) return { isNew: false, value: undefined }
    return { isNew: true, value: yield* body() }
  })
}

/**
 * Deletes a receiver's notes of messages that came longer ago than `olderThanMs`: 1,000 at most, the oldest first. An outbox
 * gives a message up after 25 attempts, which by default is two hours at the latest. One that is dead and is replayed later
 * is taken for new.
 *
 * @param nowMs - Unix time in milliseconds.
 * @returns how many; where it is 1,000 there may be more.
 */
export function* forgetReceived(tx: Tx, receiver: string, olderThanMs: number, nowMs: number): Steps<number> {
  const { changes } = yield* tx.run(
    `delete from greenroom_inbox where receiver = ? and id in (
      select id from greenroom_inbox where receiver = ? and received_ms < ? order by received_ms limit ?
    )`,
    [receiver, receiver, Math.floor(nowMs - olderThanMs), FORGET_MAX],
  )
  return changes
}
