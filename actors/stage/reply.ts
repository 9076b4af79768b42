/** The outcome of a job as a message to whoever shall have it. */
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { Reply } from './interface.ts'
import type { Job } from './job.ts'
import type { Outcome } from './outcome.ts'

/**
 * Sends it when the job is settled.
 *
 * @param sender - the stage's actor.
 * @param onFailure - told what the making of the message has thrown.
 */
export function sendReply(
  { deferred, ctx }: Job,
  { to, event }: Reply<unknown, EventObject>,
  sender: Ref | undefined,
  onFailure: (error: unknown, during: string) => void,
): void {
  const send = (outcome: Outcome<unknown>): void => {
    try {
      to.send(ctx, event(outcome), sender)
    } catch (error) {
      onFailure(error, 'reply')
    }
  }
  deferred.listen(
    (value) => send({ ok: true, value }),
    (error) => send({ ok: false, error }),
  )
}
