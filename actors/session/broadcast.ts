/**
 * One message to many peers. The members of the group are their connections: a room that has something to say says it once, and
 * what a slow one does not read waits in an outlet of its own.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Offer } from '../../runtime/mailbox/refusal.ts'
import type { ActorGroup } from '../../runtime/system/names.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { System } from '../../runtime/system/system.ts'
import { fanOutOf } from './fan-out.ts'
import { deliver, type PeerEvent } from './peer-event.ts'

export interface BroadcastToPeersOptions {
  /** A member that is left out. */
  readonly except?: Ref
}

/**
 * Sends a message to every member of a group: to those who are members now, at the end of the turn, with all else that was said to
 * them in it. It is encoded once for each format, and its bytes are shared; it is not changed any more.
 *
 * A member that is no connection of this system gets the event `deliver` in its mailbox, at once. `ctx` is that of the mail, which
 * expires with it; peers are told also where it is over, since a session may have something to say at its end.
 *
 * @returns how many members it goes to.
 */
export function broadcast<T>(
  ctx: Context<typeof System>,
  group: ActorGroup<PeerEvent<T>>,
  message: T,
  { except }: BroadcastToPeersOptions = {},
): number {
  return fanOutOf(ctx.get(System)).tell(ctx, group, message, except)
}

/**
 * Sends a message to one of those to whom groups are spoken, behind all that was said to it before: to a member that is known by its
 * ref alone. Who has the `Peer` uses its `send`, which is the same.
 *
 * The event `deliver`, sent to the ref itself, goes through its mailbox instead, as mail from other threads and from transactions
 * does: what is broadcast meanwhile may overtake it.
 *
 * @returns `full` where it reads so slowly that it is being disconnected, or has a mailbox that is full; `closed` where it is no more.
 */
export function unicast<T>(ctx: Context<typeof System>, member: Ref<PeerEvent<T>>, message: T): Offer {
  const event = deliver(message)
  return fanOutOf(ctx.get(System)).tellOne(member, event.message) ?? member.send(ctx, event)
}
