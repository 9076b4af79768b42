/** What a logic needs of a context: asked of the one it is spawned under, and of every message's. */
import { type Context, MissingContextError } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'

/** @throws MissingContextError for the first key that is not there; the types let it come to that in JavaScript alone. */
export function checkNeeds(ctx: Context, needs: readonly AnyKey[]): void {
  for (const key of needs) if (!ctx.has(key)) throw new MissingContextError(key, ctx.keys())
}

/** The message's context; where it lacks a key that the logic needs, with the actor's own value. */
export function withNeeds(ctx: Context, needs: readonly AnyKey[], own: Context<AnyKey>): Context<AnyKey> {
  let whole: Context<AnyKey> = ctx as unknown as Context<AnyKey>
  for (const key of needs) if (!whole.has(key)) whole = whole.with(key, own.get(key)) as Context<AnyKey>
  return whole
}
