/**
 * What a relay writes of the messages that it held: all that there is to say at once, in one transaction after another.
 *
 * While one is under way the next gathers, so a busy relay writes large ones without waiting for company. One that fails is
 * tried again, with what has come since. Where a lease has run out meanwhile others have the message, and only that it was
 * delivered is still worth writing: such notes are kept, and take the place of new messages until they are written.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { Timer } from '../../../runtime/time/clock.ts'
import { calling } from './calling.ts'
import type { Failure, Lease } from './message.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { RelayLimits } from './relay-limits.ts'

/** One message's outcome. */
type Note =
  | { readonly kind: 'acknowledged'; readonly lease: Lease }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly lease: Lease }
  | { readonly kind: 'released'; readonly lease: Lease }

export class Settlements {
  private readonly ctx: Context
  private readonly store: OutboxStore
  private readonly limits: RelayLimits
  /** Told of each message whose outcome is written, or given up; and whether it may be claimed again at once. */
  private readonly onSettled: (id: number, isFree: boolean) => void
  private readonly onChange: () => void
  private readonly onFailure: (error: unknown) => void
  private notes: Note[] = []
  private writing: Deferred<unknown> | undefined = undefined
  private pauseMs: number
  private isDraining = false
  private timer: Timer | undefined = undefined

  constructor(
    ctx: Context,
    store: OutboxStore,
    limits: RelayLimits,
    onSettled: (id: number, isFree: boolean) => void,
    onChange: () => void,
    onFailure: (error: unknown) => void,
  ) {
    this.ctx = ctx
    this.store = store
    this.limits = limits
    this.onSettled = onSettled
    this.onChange = onChange
    this.onFailure = onFailure
    this.pauseMs = limits.pollMinMs
  }

  get isEmpty(): boolean {
    return this.notes.length === 0 && this.writing === undefined
  }

  acknowledge(lease: Lease): void {
    this.notes.push({ kind: 'acknowledged', lease })
  }

  fail(failure: Failure): void {
    this.notes.push({ kind: 'failed', failure, lease: failure })
  }

  release(lease: Lease): void {
    this.notes.push({ kind: 'released', lease })
  }

  /** Writes what there is, unless that is being done, or has just failed. */
  step(): void {
    if (this.writing !== undefined || this.timer !== undefined || this.notes.length === 0) return
    const { notes } = this
    this.notes = []
    const own = this.ctx.withTimeout(this.limits.storeMs)
    const settlement = {
      acknowledged: notes.flatMap((note) => (note.kind === 'acknowledged' ? [note.lease.id] : [])),
      failed: notes.flatMap((note) => (note.kind === 'failed' ? [note.failure] : [])),
      released: notes.flatMap((note) => (note.kind === 'released' ? [plain(note.lease)] : [])),
      nowMs: this.ctx.clock.wallMs(),
    }
    const writing = own.bind(calling(() => this.store.settle(own, settlement)))
    this.writing = writing
    writing.listen(
      () => {
        if (this.writing !== writing) return
        this.writing = undefined
        this.pauseMs = this.limits.pollMinMs
        for (const { kind, lease } of notes) this.onSettled(lease.id, kind === 'released')
        this.onChange()
      },
      (error) => {
        if (this.writing !== writing) return
        this.writing = undefined
        this.keep(notes)
        this.onFailure(error)
        this.onChange()
      },
    )
  }

  /** What cannot be written now is given up: its lease sees to it, and it comes again. */
  drain(): void {
    this.isDraining = true
    if (this.timer === undefined) return
    this.timer.cancel()
    this.timer = undefined
  }

  close(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.writing?.cancel('the relay has ended')
  }

  private keep(notes: readonly Note[]): void {
    if (this.isDraining) {
      for (const { lease } of [...notes, ...this.notes]) this.onSettled(lease.id, false)
      this.notes = []
      return
    }
    const { clock } = this.ctx
    const wallMs = clock.wallMs()
    const kept: Note[] = []
    for (const note of notes) {
      if (note.kind === 'acknowledged' || note.lease.leasedUntilMs > wallMs) kept.push(note)
      else this.onSettled(note.lease.id, true)
    }
    this.notes = [...kept, ...this.notes]
    this.timer = clock.schedule(clock.nowMs() + this.pauseMs, () => {
      this.timer = undefined
      this.onChange()
    })
    this.pauseMs = Math.min(this.limits.pollMaxMs, this.pauseMs * 2)
  }
}

/** Without what else a message has: the payload was here before. */
function plain({ id, attempt, leasedUntilMs }: Lease): Lease {
  return { id, attempt, leasedUntilMs }
}
