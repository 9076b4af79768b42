/** One item, from the entrance of a flow to its result. */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred, Keeper } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, DeadlineError } from '../../../runtime/errors.ts'
import type { Holder, Item } from './section.ts'

/** What is written down of items. */
export class Books {
  inside = 0
  submitted = 0
  completed = 0
  failed = 0
  refused = 0
  expired = 0
}

export class Passage<Out> implements Item, Keeper {
  readonly ctx: Context
  readonly result: Deferred<Out>
  mayWait: boolean
  private readonly books: Books
  /** Where it is: in a stage, and at a joint or several, a fan-out's lanes having their own. */
  private readonly holders: Holder[] = []
  private isInside = false
  private unlisten: (() => void) | undefined = undefined

  constructor(ctx: Context, books: Books, mayWait: boolean) {
    this.ctx = ctx
    this.books = books
    this.mayWait = mayWait
    this.result = ctx.deferred<Out>()
    this.result.keeper = this
  }

  /** It was let in. */
  accepted(): void {
    const { ctx, books } = this
    books.submitted += 1
    books.inside += 1
    this.isInside = true
    this.mayWait = true
    if (this.isOver) this.settled()
    else if (!ctx.isBackground) this.unlisten = ctx.onCancel(() => this.fail(ctx.failure()))
  }

  readonly done = (value: Out): void => void this.result.resolve(value)

  // ── Item ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get isOver(): boolean {
    return !this.result.isPending
  }

  enters(holder: Holder): void {
    if (this.isOver) holder.ended(this.result.settledWith)
    else this.holders.push(holder)
  }

  leaves(holder: Holder): void {
    const at = this.holders.indexOf(holder)
    if (at !== -1) this.holders.splice(at, 1)
  }

  fail(error: unknown): void {
    this.result.reject(error)
  }

  // ── Keeper ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** `released` follows, and is all that matters. */
  cancelled(): void {}

  released(): void {
    if (this.isInside) this.settled()
    this.unlisten?.()
    for (const holder of this.holders.splice(0)) holder.ended(this.result.settledWith)
  }

  private settled(): void {
    const { books, result } = this
    books.inside -= 1
    const { settledWith } = result
    if (result.status === 'fulfilled') books.completed += 1
    else if (settledWith instanceof CancelledError || settledWith instanceof DeadlineError) books.expired += 1
    else books.failed += 1
  }
}
