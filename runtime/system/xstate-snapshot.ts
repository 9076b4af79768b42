/** The persisted form of the last snapshot that a failed machine had before it failed. */
import type { AnyActorLogic, AnyActorRef, Snapshot } from 'xstate'
import { instanceOf, type Seen, type XstateInstance } from './xstate-instance.ts'

type Persisted = Snapshot<unknown> & {
  readonly children?: Readonly<Record<string, { readonly snapshot: Snapshot<unknown> }>>
}

/**
 * Lets a child be persisted whose logic has no name in its machine. xstate forbids it while developing, since it cannot be
 * written down; this one is not to be.
 */
const IN_MEMORY = { __unsafeAllowInlineActors: true } as const

/**
 * xstate persists each child as it is now. A child whose end has to do with the failure (it is what the machine failed
 * over, or was stopped with it) is persisted as it was before, so that it is started again with its machine.
 *
 * @throws what a logic throws that cannot be persisted.
 */
export function persistedBeforeFailure(instance: XstateInstance): Snapshot<unknown> | undefined {
  const { lastActive, actor } = instance
  if (lastActive === undefined) return undefined
  const persisted = logicOf(actor).getPersistedSnapshot(lastActive, IN_MEMORY) as Persisted
  if (persisted.children === undefined) return persisted
  const children: Record<string, object> = {}
  for (const [id, child] of Object.entries(persisted.children)) {
    const below = lastActive.children?.[id] as AnyActorRef | undefined
    const before = below !== undefined && instance.unheard.has(below) ? instanceOf(below) : undefined
    const snapshot = before === undefined ? undefined : persistedBeforeFailure(before)
    children[id] = snapshot === undefined ? child : { ...child, snapshot }
  }
  return { ...persisted, children } as Seen
}

function logicOf(actor: AnyActorRef): AnyActorLogic {
  return (actor as unknown as { readonly logic: AnyActorLogic }).logic
}
