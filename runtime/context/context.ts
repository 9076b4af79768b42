/**
 * What a piece of work may know of the world: an immutable list of values, passed by argument, never ambient.
 *
 * Rules: `with`, `withTimeout` and `withCancel` give a new context and leave the old one as it was; deadlines only
 * shrink; cancellation runs down. The clock, the source of randomness, the log and the trace are part of every
 * context: they are what a simulation replaces.
 *
 * Representation: a linked list of one value a node, each node with a copy of the few things that are read all the
 * time. A lookup walks up, a handful of pointers; a new context is one small object.
 *
 * Sources: Go's `context` (deadlines, cancellation, `WithoutCancel`), Effect's `Context` (requirements in the type).
 */

import { Deferred } from '../deferred/deferred.ts'
import type { FailureWatch } from '../deferred/failure-watch.ts'
import { CancelledError, DeadlineError, type GreenroomError, UsageError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { type CancelListener, type Cancellation, CancelScope } from './cancellation.ts'
import type { AnyKey, Key } from './key.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import { Trace } from './trace.ts'

/** Ends a context: everything below it is cancelled with `reason`. @returns false if it had ended before. */
export type Cancel = (reason?: unknown) => boolean

/** What every context stands on. */
export interface ContextRoots {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Told of failed deferreds at which nobody looked. Without it Node reports an unhandled rejection. */
  readonly failures?: FailureWatch
}

/** A context was asked for what it does not hold (`CONTEXT_KEY_MISSING`). */
export class MissingContextError extends UsageError {
  constructor(wanted: AnyKey, held: readonly AnyKey[]) {
    const names = held.length === 0 ? 'none' : held.map(({ name }) => `"${name}"`).join(', ')
    super('CONTEXT_KEY_MISSING', `no "${wanted.name}" in this context; the keys that are there: ${names}`)
  }
}

/** `Held` is the union of the keys inside: `Context<typeof Database | typeof Session>`. More keys fit where fewer are asked. */
export class Context<in Held extends AnyKey = never> {
  private readonly parent: Context<never> | undefined
  private readonly key: AnyKey | undefined
  private readonly value: unknown
  private readonly roots: ContextRoots
  private readonly scope: CancelScope
  private readonly ownTrace: { trace: Trace | undefined }
  /** @internal The question that is answered in this context. What is only told in it is no part of the answer. */
  readonly question: Deferred<unknown> | undefined

  private constructor(
    parent: Context<never> | undefined,
    roots: ContextRoots,
    scope: CancelScope,
    trace: { trace: Trace | undefined },
    question: Deferred<unknown> | undefined,
    key?: AnyKey,
    value?: unknown,
  ) {
    this.parent = parent
    this.roots = roots
    this.scope = scope
    this.ownTrace = trace
    this.question = question
    this.key = key
    this.value = value
  }

  /** A context that holds nothing but what all stand on. A system makes one; tests may. */
  static create(roots: ContextRoots): Context {
    return new Context(undefined, roots, new CancelScope(roots.clock), { trace: undefined }, undefined)
  }

  /** What is held under `key`. The nearest wins where one was given twice. @throws MissingContextError */
  get<T>(key: Key<T> & Held): T {
    const node = this.nodeOf(key)
    if (node === undefined) throw new MissingContextError(key, this.keys())
    return node.value as T
  }

  /** Like `get`, for a key that need not be there. */
  find<T>(key: Key<T>): T | undefined {
    return this.nodeOf(key)?.value as T | undefined
  }

  has(key: AnyKey): boolean {
    return this.nodeOf(key) !== undefined
  }

  /** The keys inside, the nearest first, each once. */
  keys(): AnyKey[] {
    const keys = new Set<AnyKey>()
    for (let node = this.asNode(); node !== undefined; node = node.parent)
      if (node.key !== undefined) keys.add(node.key)
    return [...keys]
  }

  with<T, K extends Key<T>>(key: K & Key<T>, value: T): Context<Held | K> {
    const { roots, scope, ownTrace, question } = this
    return new Context(this.asNode(), roots, scope, ownTrace, question, key, value) as Context<Held | K>
  }

  /** A context that ends after `ms` milliseconds at the latest. @throws UsageError (`TIMEOUT_INVALID`) unless 0 or more. */
  withTimeout(ms: number): Context<Held> {
    if (!(ms >= 0)) throw new UsageError('TIMEOUT_INVALID', `a timeout is 0 ms or more, not ${ms}`)
    return this.withDeadline(this.clock.nowMs() + ms)
  }

  /**
   * A context that ends at a monotonic instant of its clock at the latest; its own deadline stays where it is earlier.
   *
   * @throws UsageError (`DEADLINE_INVALID`) for NaN.
   */
  withDeadline(deadlineMs: number): Context<Held> {
    if (Number.isNaN(deadlineMs))
      throw new UsageError('DEADLINE_INVALID', 'a deadline is an instant, not NaN')
    if (deadlineMs === Number.POSITIVE_INFINITY) return this
    return this.scoped(new CancelScope(this.clock, this.scope, deadlineMs))
  }

  /** A context that can be ended alone, and how to end it. */
  withCancel(): [child: Context<Held>, cancel: Cancel] {
    const scope = new CancelScope(this.clock, this.scope)
    return [this.scoped(scope), (reason) => scope.cancel(reason)]
  }

  /**
   * The same values and trace, without the deadline and the cancellation of the request: for what has to go on when nobody
   * waits for it any more. It ends with everything.
   */
  withoutCancel(): Context<Held> {
    return this.isBackground ? this : this.scoped(this.scope.root)
  }

  /** A context for the receiver of `traceparent`, which may be undefined or nonsense: then a new trace begins here. */
  withTrace(traceparent?: string): Context<Held> {
    const trace = { trace: Trace.receive(this.random, traceparent) }
    return new Context(this.asNode(), this.roots, this.scope, trace, this.question)
  }

  /** @internal Several of the above in one object: for those who make a context per request. */
  derive<T, K extends Key<T>>(
    scope: CancelScope,
    traceparent: string | undefined,
    key: K & Key<T>,
    value: T,
  ): Context<Held | K> {
    const trace = { trace: traceparent === undefined ? undefined : Trace.receive(this.random, traceparent) }
    const { roots, question } = this
    return new Context(this.asNode(), roots, scope, trace, question, key, value) as Context<Held | K>
  }

  /** @internal A scope below this context's, for `derive`. */
  childScope(deadlineMs?: number): CancelScope {
    return new CancelScope(this.clock, this.scope, deadlineMs)
  }

  /** @internal The same for who answers `question`, or answers none. */
  answering(question: Deferred<unknown> | undefined): Context<Held> {
    // Not a node of its own: a chain of questions would make every lookup longer.
    const { parent, roots, scope, ownTrace, key, value } = this
    return new Context(parent, roots, scope, ownTrace, question, key, value)
  }

  /** @internal Whether both can only end together. */
  endsWith(other: Context<never>): boolean {
    return this.scope === other.scope
  }

  get clock(): Clock {
    return this.roots.clock
  }

  get random(): Random {
    return this.roots.random
  }

  get log(): Log {
    return this.roots.log
  }

  /** The trace this work belongs to; it begins here if none was begun above. */
  get trace(): Trace {
    this.ownTrace.trace ??= Trace.start(this.random)
    return this.ownTrace.trace
  }

  /** What to send along to the next hop of this trace. */
  get traceparent(): string {
    return this.trace.traceparent
  }

  /** A monotonic instant of the clock; Infinity where there is none. */
  get deadlineMs(): number {
    return this.scope.deadlineMs
  }

  /** Milliseconds until the deadline: 0 when it has passed, Infinity where there is none. */
  get remainingMs(): number {
    const { deadlineMs } = this
    return deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : Math.max(0, deadlineMs - this.clock.nowMs())
  }

  /** Why this has ended, or undefined while it has not. A missed deadline has a `DeadlineError` as its reason. */
  get cancellation(): Cancellation | undefined {
    return this.scope.cause
  }

  /** @internal Ends this and everything below: for who made it from nothing. */
  end(reason: unknown): void {
    this.scope.cancel(reason)
  }

  /** It can only end together with everything: nothing above it was given a deadline or a way to cancel it. */
  get isBackground(): boolean {
    return this.scope.parent === undefined
  }

  get isCancelled(): boolean {
    return this.scope.cause !== undefined
  }

  /** Calls `listener` once when this ends, at once if it has. @returns how to stop listening; call it when done. */
  onCancel(listener: CancelListener): () => void {
    return this.scope.listen(listener)
  }

  /** The same as an `AbortSignal`, for fetch, streams and drivers. Made on first use. */
  get signal(): AbortSignal {
    return signalOf(this.scope)
  }

  /** The error that work for this context fails with, once it has ended: its own cause where that is an error of ours. */
  failure(): GreenroomError {
    return failureOf(this.scope.cause ?? { reason: 'the context has not ended', atMs: this.clock.nowMs() })
  }

  /** @throws what `failure` gives, if this has ended. */
  throwIfCancelled(): void {
    if (this.isCancelled) throw this.failure()
  }

  /** Fulfilled after `ms` milliseconds by this context's clock; fails if the context ends before. */
  after(ms: number): Deferred<void> {
    return this.bind(this.clock.after(ms))
  }

  /** @internal Who is told of failures that nobody looks at. */
  get failures(): FailureWatch | undefined {
    return this.roots.failures
  }

  /** A deferred whose unobserved failure is reported to this context's log. `canceller` as for `Deferred`. */
  deferred<T>(canceller?: (reason: unknown) => void): Deferred<T> {
    return new Deferred<T>(canceller, this.roots.failures)
  }

  /** Ties a deferred to this context: when the context ends first, the deferred is cancelled and the result is its failure. */
  bind<T>(source: Deferred<T>): Deferred<T> {
    if (!source.isPending) return source
    const bound = this.deferred<T>((reason) => source.cancel(reason))
    const stop = this.scope.listen((cause) => {
      const failure = failureOf(cause)
      bound.reject(failure)
      source.cancel(failure)
    })
    source.listen(
      (value) => {
        stop()
        bound.resolve(value)
      },
      (error) => {
        stop()
        bound.reject(error)
      },
    )
    return bound
  }

  /** As the names of its keys: a context may stand in data that is written down. */
  toJSON(): unknown {
    return { keys: this.keys().map(({ name }) => name) }
  }

  private scoped(scope: CancelScope): Context<Held> {
    return new Context(this.asNode(), this.roots, scope, this.ownTrace, this.question)
  }

  private nodeOf(key: AnyKey): Context<never> | undefined {
    let node = this.asNode()
    while (node !== undefined && node.key !== key) node = node.parent
    return node
  }

  private asNode(): Context<never> | undefined {
    return this as unknown as Context<never>
  }
}

/** The error that stands for a cancellation: a reason that is one of ours says it best itself. */
export function failureOf({ reason }: Cancellation): GreenroomError {
  return reason instanceof DeadlineError || reason instanceof CancelledError
    ? reason
    : new CancelledError(reason)
}

const signals = new WeakMap<CancelScope, AbortSignal>()

function signalOf(scope: CancelScope): AbortSignal {
  let signal = signals.get(scope)
  if (signal === undefined) {
    const controller = new AbortController()
    signal = controller.signal
    signals.set(scope, signal)
    scope.listen((cause) => controller.abort(failureOf(cause)))
  }
  return signal
}
