/**
 * The contexts that messages to a thread are sent in. One crosses when it is first needed, and is a number from then on:
 * most messages of a batch, and many of different batches, are sent in the same few.
 */
import type { Context } from '../context/context.ts'
import { toWire } from '../context/wire.ts'
import { Cell } from '../system/cell.ts'
import type { Ref } from '../system/ref.ts'
import type { Outbox } from './outbox.ts'
import { CONTEXT, type CrossedRef, type CrossedRefs, FORGET } from './wire.ts'

/** Contexts that the other side knows at once. The one that was least lately new is forgotten first. */
export const CONTEXTS_KNOWN_MAX = 64

export class ContextsOut {
  /** Names of the keys under which the thread wants refs. */
  wanted: readonly string[] = []
  private readonly outbox: Outbox
  private readonly cross: (ref: Ref) => CrossedRef
  private readonly known = new Map<Context, number>()
  private readonly byNumber = new Map<number, Context>()
  private lastNumber = 0
  /** The one that was asked for last. */
  private last: Context | undefined = undefined
  private lastOne = 0

  /** @param cross - gives the form in which a ref crosses. */
  constructor(outbox: Outbox, cross: (ref: Ref) => CrossedRef) {
    this.outbox = outbox
    this.cross = cross
  }

  /** The number of `ctx`, which crosses first if it has none. @throws what a codec throws. */
  numberOf(ctx: Context): number {
    if (ctx === this.last) return this.lastOne
    const number = this.known.get(ctx) ?? this.introduce(ctx)
    this.last = ctx
    this.lastOne = number
    return number
  }

  /** The context that crossed under a number, unless it is forgotten. */
  at(number: number): Context | undefined {
    return this.byNumber.get(number)
  }

  /** The refs in a context that the thread wants. */
  refsOf(ctx: Context<never>): CrossedRefs | undefined {
    if (this.wanted.length === 0) return undefined
    const refs = new Map<string, CrossedRef>()
    for (const key of ctx.keys()) {
      if (refs.has(key.name) || !this.wanted.includes(key.name)) continue
      const value: unknown = ctx.find(key)
      if (value instanceof Cell) refs.set(key.name, this.cross(value))
    }
    return Object.fromEntries(refs)
  }

  private introduce(ctx: Context): number {
    const wire = toWire(ctx)
    const refs = this.refsOf(ctx)
    this.lastNumber += 1
    const number = this.lastNumber
    if (this.known.size >= CONTEXTS_KNOWN_MAX) this.forgetOldest()
    this.known.set(ctx, number)
    this.byNumber.set(number, ctx)
    this.outbox.add(CONTEXT, number, wire, refs)
    return number
  }

  private forgetOldest(): void {
    for (const [ctx, number] of this.known) {
      this.known.delete(ctx)
      this.byNumber.delete(number)
      if (ctx === this.last) this.last = undefined
      this.outbox.add(FORGET, number)
      return
    }
  }
}
