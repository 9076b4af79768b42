/**
 * The contexts that messages to a thread are sent in. One crosses when it is first needed, and is a number from then on:
 * most messages of a batch, and many of different batches, are sent in the same few.
 */
import type { Context } from '../context/context.ts'
import { toWire } from '../context/wire.ts'
import { Fifo } from '../mailbox/fifo.ts'
import { Cell } from '../system/cell.ts'
import type { Ref } from '../system/ref.ts'
import type { Outbox } from './outbox.ts'
import { CONTEXT, type CrossedRef, type CrossedRefs, FORGET } from './wire.ts'

/** Contexts that the other side knows at once, beside those of what is under way. The one that was used first is forgotten first. */
export const CONTEXTS_KNOWN_MAX = 64

/** A context that the other side knows. */
export class ContextOut {
  readonly number: number
  readonly ctx: Context
  /** Messages in it that are under way. */
  uses = 0
  /** It stands among those that may be forgotten. */
  isListed = false

  constructor(number: number, ctx: Context) {
    this.number = number
    this.ctx = ctx
  }
}

export class ContextsOut {
  /** Names of the keys under which the thread wants refs. */
  wanted: readonly string[] = []
  private readonly outbox: Outbox
  private readonly cross: (ref: Ref) => CrossedRef
  private readonly known = new Map<Context, ContextOut>()
  private readonly byNumber = new Map<number, ContextOut>()
  /** Those that were not in use when they were put here, the first first. One may be in use again: it is passed over. */
  private readonly unused = new Fifo<ContextOut>()
  private lastNumber = 0
  /** The one that was asked for last. */
  private last: ContextOut | undefined = undefined

  /** @param cross - gives the form in which a ref crosses. */
  constructor(outbox: Outbox, cross: (ref: Ref) => CrossedRef) {
    this.outbox = outbox
    this.cross = cross
  }

  /** A message in `ctx` is to cross: so does `ctx` first, if it is not known. To be given back. @throws what a codec throws. */
  use(ctx: Context): ContextOut {
    const { last } = this
    const used = last?.ctx === ctx ? last : (this.known.get(ctx) ?? this.introduce(ctx))
    used.uses += 1
    this.last = used
    return used
  }

  /** That message is settled. */
  giveBack(context: ContextOut): void {
    context.uses -= 1
    if (context.uses > 0 || context.isListed) return
    context.isListed = true
    this.unused.push(context)
    if (this.unused.size > CONTEXTS_KNOWN_MAX) this.forgetOldest()
  }

  /** The context that crossed under a number, unless it is forgotten. */
  at(number: number): Context | undefined {
    return this.byNumber.get(number)?.ctx
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

  private introduce(ctx: Context): ContextOut {
    const wire = toWire(ctx)
    const refs = this.refsOf(ctx)
    this.lastNumber += 1
    const context = new ContextOut(this.lastNumber, ctx)
    this.known.set(ctx, context)
    this.byNumber.set(context.number, context)
    this.outbox.add(CONTEXT, context.number, wire, refs)
    return context
  }

  private forgetOldest(): void {
    const context = this.unused.shift() as ContextOut
    context.isListed = false
    if (context.uses > 0) return
    this.known.delete(context.ctx)
    this.byNumber.delete(context.number)
    if (context === this.last) this.last = undefined
    this.outbox.add(FORGET, context.number)
  }
}
