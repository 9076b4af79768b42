/** A destination that is an actor: it is asked, and its answer acknowledges the message. */
import { GreenroomError } from '../../../runtime/errors.ts'
import { ActorName, actorName } from '../../../runtime/system/names.ts'
import type { AnyEvent, Ref } from '../../../runtime/system/ref.ts'
import { type ActorSystem, System } from '../../../runtime/system/system.ts'
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import { misuse } from '../errors.ts'
import type { Delivery, Destination } from './destination.ts'

export interface ToActorOptions<Type extends string = string> {
  /** Of the event. Default `message`. */
  readonly type?: Type
  /** Default `concurrent`: see `Destination`. */
  readonly order?: 'concurrent' | 'strict'
}

/** What the actor is asked. The answer's value does not matter. */
export interface MessageEvent<P = unknown, Type extends string = 'message'> extends Delivery {
  readonly type: Type
  readonly payload: P
}

/**
 * Delivers to an actor: the one that has this name in the registry when a message comes, or the one of this ref.
 *
 * It answers when it has done what the message asks for. Where it does that in a transaction, `once` drops what comes twice. It
 * answers with a deferred that has failed to have the message sent again, or given up (`undeliverable`); one that is not there
 * gets it later.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`, `NAME_INVALID`)
 */
export function toActor<const Type extends string = 'message'>(
  // biome-ignore lint/suspicious/noExplicitAny: a name is of one type exactly, whatever its payload
  to: string | ActorName<any> | Ref<MessageEvent<never, Type>>,
  options: ToActorOptions<Type> = {},
): Destination {
  const { type = 'message', order = 'concurrent', ...rest } = options
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `no option of toActor is named "${unknown}"; there are type, order`,
    )
  }
  const find = finderOf(to as string | ActorName<AnyEvent> | Ref<AnyEvent>)
  return {
    order,
    deliver(ctx, message) {
      const receiver = find(ctx.get(System))
      // The context's own deadline is what it may take.
      return receiver.ask(ctx, { ...message, type }, { timeoutMs: DELAY_MS_MAX })
    },
  }
}

function finderOf(to: string | ActorName<AnyEvent> | Ref<AnyEvent>): (system: ActorSystem) => Ref<AnyEvent> {
  if (typeof to !== 'string' && !(to instanceof ActorName)) return () => to
  const name = typeof to === 'string' ? actorName<AnyEvent>(to) : to
  return ({ registry }) => {
    const found = registry.find(name)
    if (found !== undefined) return found
    throw new GreenroomError('OUTBOX_NO_RECEIVER', `no actor is registered as "${name.text}"`)
  }
}
