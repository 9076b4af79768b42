/** A mailbox whose dead letters are written down, and envelopes for it. */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { Envelope } from '../../../runtime/mailbox/envelope.ts'
import { Mailbox, type Overflow } from '../../../runtime/mailbox/mailbox.ts'
import { Priorities } from '../../../runtime/mailbox/priorities.ts'
import type { DeadReason } from '../../../runtime/mailbox/refusal.ts'
import { createTestContext } from '../context/support.ts'

export type Told = [type: string, reason: DeadReason]

export const overflows: readonly Overflow[] = ['refuse', 'drop-newest', 'drop-oldest']

export interface TestMailboxOptions {
  readonly capacity?: number
  readonly overflow?: Overflow
  readonly priorities?: readonly (readonly string[])[] | undefined
}

export function createMailbox({ capacity = 3, overflow = 'refuse', priorities }: TestMailboxOptions = {}) {
  const told: Told[] = []
  const undelivered = (envelope: Envelope, reason: DeadReason) =>
    void told.push([envelope.event.type, reason])
  const ranks = priorities === undefined ? undefined : Priorities.of(priorities)
  return { mailbox: new Mailbox(capacity, overflow, { undelivered }, ranks), told }
}

export function envelope(
  type: string,
  ctx: Context = createTestContext().ctx,
  reply?: Deferred<unknown>,
): Envelope {
  return new Envelope({ type }, ctx, undefined, reply)
}

/** What somebody says who tells who it is. */
export function from(sender: unknown, type: string): Envelope {
  return new Envelope({ type }, createTestContext().ctx, sender, undefined)
}

export function takeAll(mailbox: Mailbox): string[] {
  return takeEnvelopes(mailbox).map(({ event }) => event.type)
}

export function takeEnvelopes(mailbox: Mailbox): Envelope[] {
  const envelopes: Envelope[] = []
  for (let taken = mailbox.take(); taken !== undefined; taken = mailbox.take()) envelopes.push(taken)
  return envelopes
}
