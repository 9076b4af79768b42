/** One question to many actors, and what they answered in time. */
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { DeadlineError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { AskOptions, EventOfType, Ref, ReplyOf } from './ref.ts'

/** What came of one of the questions: the shape of `Promise.allSettled`, and who was asked. */
export type Answer<R, E extends EventObject = never> =
  | { readonly status: 'fulfilled'; readonly ref: Ref<E>; readonly value: R }
  | { readonly status: 'rejected'; readonly ref: Ref<E>; readonly reason: unknown }

/**
 * Asks each of `refs` the same, all at once, and waits for them until the time is over: `timeoutMs`, or the deadline of
 * `ctx` where that is earlier. Who has not answered by then has the failure of its question, `ASK_TIMEOUT` or
 * `DEADLINE_EXCEEDED`; what has arrived is there.
 *
 * @returns the answers, in the order of `refs`. It fails only where `ctx` is cancelled before it is over. Cancelling it
 *   cancels the questions that are still open.
 * @throws UsageError (`ASK_TIMEOUT_INVALID`) as `ask`: then nobody was asked.
 */
export function askAll<E extends EventObject, Type extends E['type']>(
  ctx: Context,
  refs: Iterable<Ref<E>>,
  event: NoInfer<EventOfType<E, Type>> & { readonly type: Type },
  options?: AskOptions,
): Deferred<readonly Answer<ReplyOf<EventOfType<E, Type>>, E>[]> {
  const questions = Array.from(refs, (ref) => ({ ref, question: ref.ask(ctx, event, options) }))
  const answers: Answer<ReplyOf<EventOfType<E, Type>>, E>[] = new Array(questions.length)
  let open = questions.length
  const all = ctx.deferred<typeof answers>((reason) => {
    // Their failures are no answers.
    open = Number.POSITIVE_INFINITY
    for (const { question } of questions) question.cancel(reason)
  })
  const settled = (index: number, answer: (typeof answers)[number]) => {
    answers[index] = answer
    open -= 1
    if (open === 0) settle(all, ctx, answers)
  }
  for (const [index, { ref, question }] of questions.entries()) {
    question.listen(
      (value) => settled(index, { status: 'fulfilled', ref, value }),
      (reason) => settled(index, { status: 'rejected', ref, reason }),
    )
  }
  if (open === 0) settle(all, ctx, answers)
  return all
}

/** A deadline that has passed is how such questions end; a cancellation means that nobody wants the answers. */
function settle<T>(all: Deferred<T>, ctx: Context, answers: T): void {
  const { cancellation } = ctx
  if (cancellation === undefined || cancellation.reason instanceof DeadlineError) all.resolve(answers)
  else all.reject(ctx.failure())
}
