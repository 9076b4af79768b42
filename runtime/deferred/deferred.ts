/**
 * A cell that is settled exactly once, later: the one answer to "when will it be there?" in greenroom.
 *
 * Theory of operation. A deferred is pending, then fulfilled or rejected, for good. Two kinds of party look at it:
 * listeners (`listen`), which are machinery and run synchronously at the moment of settling; and reactions
 * (`then`, `catch`, `finally`, `await`), which run later in the microtask checkpoint as a promise's do, and of which
 * each settles a deferred of its own. Both kinds run in the order in which they came.
 *
 * Cancellation runs against the flow: `cancel` runs the canceller, and goes up to the deferred that this one was
 * derived from or has adopted, unless others wait for that one too. Then everything on that way is settled with one
 * `CancelledError`, from the top down, and what arrives later is dropped. Only where the work's keeper says that its outcome
 * must be awaited (a transaction that runs) does everything below go on waiting for that.
 *
 * Rules: settling never throws and never runs a reaction synchronously; a reaction's exception rejects the deferred
 * derived from it; a failure at which nobody looked is reported once; nothing here recurses along a chain.
 *
 * Sources: Twisted's `Deferred` (cancellation forwarded along the chain), Promises/A+ (2.2, 2.3: what `then` owes),
 * Bluebird (a shared source is cancelled only by its last consumer).
 */
import { CancelledError } from '../errors.ts'
import { Adoption, type ThenMethod } from './adoption.ts'
import { type FailureWatch, NativeRejection } from './failure-watch.ts'
import { enqueueJob } from './jobs.ts'
import { Follower, Listener, notify, type Observer, ObserverList, Reaction } from './observers.ts'

type Canceller = (reason: unknown) => void

/**
 * A canceller for those who have many deferreds: one may serve them all, and it hears of the end as well.
 * What they throw harms nobody, as with a canceller; `cancelled` must not cancel the deferred again.
 */
export interface Keeper {
  /**
   * The deferred is being cancelled: stop the work, if it can be stopped. `released` follows.
   *
   * @returns true where the work has effects that cannot be called off, and what became of it is to be awaited: then the
   *   deferred stays pending, with all that waits for it, and the keeper settles it soon.
   */
  cancelled(deferred: Deferred<unknown>): unknown
  /** The deferred is settled, however that came; called once, before anybody else is told. Left out where nothing is held. */
  released?(): void
}

type AnyDeferred = Deferred<unknown>
/** What ties a deferred to the one it waits for. */
type Link = Follower<AnyDeferred> | Reaction<AnyDeferred>

const PENDING = 0
/** Still pending, but the result of what was adopted will be its own: `resolve` and `reject` come too late. */
const SEALED = 1
const FULFILLED = 2
const REJECTED = 3

export class Deferred<T> implements PromiseLike<T> {
  private stage = PENDING
  /** The value or the error, once settled. */
  private result: unknown = undefined
  private holder: Canceller | Keeper | undefined
  /** To the deferred that this one waits for: the one it was derived from, or the one it adopted. */
  private link: Link | undefined = undefined
  /** Who waits for this, in order of arrival; one alone is kept without a list, since that is the usual case. */
  private observers: Observer<AnyDeferred> | ObserverList<AnyDeferred> | undefined = undefined
  private wasObserved = false
  private watch: FailureWatch | undefined

  /**
   * @param canceller - called at most once, by the first `cancel` of a pending deferred: stops the work, if it can. It
   *   may settle the deferred itself; whatever it throws is dropped, and the deferred is settled all the same.
   * @param watch - is told when this fails unobserved. Without one it is Node that reports an unhandled rejection.
   */
  constructor(canceller?: Canceller, watch?: FailureWatch) {
    this.holder = canceller
    this.watch = watch
  }

  /** A deferred that is fulfilled already. */
  static of<T>(value: T): Deferred<T> {
    const deferred = new Deferred<T>()
    deferred.settle(FULFILLED, value)
    return deferred
  }

  /** A deferred that has failed already. */
  static fail<T = never>(error: unknown): Deferred<T> {
    const deferred = new Deferred<T>()
    deferred.reject(error)
    return deferred
  }

  /** The deferred itself, or one that follows a promise, any other thenable, or a plain value. */
  static from<T>(value: T | PromiseLike<T>): Deferred<T> {
    if (value instanceof Deferred) return value
    const deferred = new Deferred<T>()
    deferred.resolve(value)
    return deferred
  }

  get status(): 'pending' | 'fulfilled' | 'rejected' {
    return this.stage < FULFILLED ? 'pending' : this.stage === FULFILLED ? 'fulfilled' : 'rejected'
  }

  get isPending(): boolean {
    return this.stage < FULFILLED
  }

  /** True once anybody has asked for the result. */
  get isObserved(): boolean {
    return this.wasObserved
  }

  /**
   * Gives the result, or a thenable whose result will be this one's.
   *
   * @returns false where the fate was sealed before, by a result, a failure or a cancellation: this value is dropped.
   */
  resolve(value: T | PromiseLike<T>): boolean {
    if (this.stage !== PENDING) return false
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') return this.adopt(value)
    this.settle(FULFILLED, value)
    return true
  }

  /** Gives the failure. @returns false where the fate was sealed before: this error is dropped. */
  reject(error: unknown): boolean {
    if (this.stage !== PENDING) return false
    this.settle(REJECTED, error)
    return true
  }

  /**
   * Calls the work off: runs the canceller, does the same to the deferred that this one waits for if nobody else does,
   * and settles with `CancelledError`. Handlers on the way run as for any failure, so `finally` cleans up.
   *
   * @param reason - becomes the error's `reason`; a `CancelledError` is passed on as it is.
   * @returns false where there was nothing left to cancel.
   */
  cancel(reason?: unknown): boolean {
    if (!this.isPending) return false
    const self = this as AnyDeferred
    if (self.link === undefined) {
      const isAwaited = self.runCanceller(reason)
      if (self.isPending && !isAwaited) self.settle(REJECTED, asCancelled(reason))
      return true
    }
    // Links are cut on the way up, so the way ends even where deferreds wait for each other in a ring.
    const chain = [self]
    let shared: Link | undefined
    for (let link = self.cutLink(); link?.source.isPending; ) {
      const source: AnyDeferred = link.source
      if (source.observers instanceof ObserverList && source.observers.isShared) {
        shared = link
        break
      }
      chain.push(source)
      link = source.cutLink()
    }
    let awaited = -1
    chain.forEach((deferred, i) => {
      if (deferred.runCanceller(reason)) awaited = i
    })
    const failure = asCancelled(reason)
    if (shared?.source.isPending) {
      shared.leave(failure)
      if (shared.source.observers instanceof ObserverList) shared.source.observers.oneGone()
    }
    // What is below one that is awaited waits for it as before.
    for (let i = chain.length - 1; i > awaited; i--) {
      const deferred = chain[i] as AnyDeferred
      if (deferred.isPending) deferred.settle(REJECTED, failure)
    }
    return true
  }

  private cutLink(): Link | undefined {
    const { link } = this
    this.link = undefined
    return link
  }

  /** @returns whether its keeper will settle it. */
  private runCanceller(reason: unknown): boolean {
    const { holder } = this
    if (holder === undefined || !this.isPending) return false
    try {
      if (typeof holder === 'object') return holder.cancelled(this) === true
      this.holder = undefined
      holder(reason)
    } catch {
      // The work could not be stopped. Whoever waits is released all the same (Twisted #9534).
    }
    return false
  }

  /**
   * Machinery's way to the result: synchronous, at the moment of settling, or at once if that has been. Derives no
   * deferred. A listener must not throw: what it throws becomes an unhandled rejection, harming no other listener.
   */
  listen(onValue: (value: T) => void, onError: (error: unknown) => void): void {
    this.observed()
    if (this.stage === FULFILLED) notify(onValue, this.result as T)
    else if (this.stage === REJECTED) notify(onError, this.result)
    else this.observe(new Listener(onValue as (value: unknown) => void, onError, true))
  }

  /**
   * @internal As `listen`, for those who keep books and do not care for the result: neither does a failure count as seen
   * by them, nor are they anybody for whom a cancellation from below stops here.
   */
  attend(onValue: (value: T) => void, onError: (error: unknown) => void): void {
    if (this.stage === FULFILLED) notify(onValue, this.result as T)
    else if (this.stage === REJECTED) notify(onError, this.result)
    else this.observe(new Listener(onValue as (value: unknown) => void, onError, false))
  }

  /** As a promise's, but gives a deferred, whose cancellation comes up to this one. */
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Deferred<A | B> {
    this.observed()
    const derived = new Deferred<A | B>(
      undefined,
      this.stage === REJECTED && this.watch instanceof NativeRejection ? undefined : this.watch,
    )
    const reaction = new Reaction(
      this as AnyDeferred,
      derived as AnyDeferred,
      typeof onValue === 'function' ? (onValue as (value: unknown) => unknown) : undefined,
      typeof onError === 'function' ? onError : undefined,
    )
    if (this.isPending) {
      derived.link = reaction
      this.observe(reaction)
    } else {
      reaction.settled(this.stage === FULFILLED, this.result)
    }
    return derived
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Deferred<T | B> {
    return this.then(undefined, onError)
  }

  /** Runs `onEnd` whatever the result is, and keeps that result unless `onEnd` itself fails. */
  finally(onEnd?: (() => unknown) | null): Deferred<T> {
    if (typeof onEnd !== 'function') return this.then()
    return this.then(
      (value) => Deferred.from(onEnd()).then(() => value),
      (error) =>
        Deferred.from(onEnd()).then(() => {
          throw error
        }),
    )
  }

  get [Symbol.toStringTag](): string {
    return 'Deferred'
  }

  private observe(observer: Observer<AnyDeferred>): void {
    const { observers } = this
    if (observers === undefined) this.observers = observer
    else if (observers instanceof ObserverList) observers.add(observer)
    else this.observers = new ObserverList<AnyDeferred>(observers, observer)
  }

  /** Promises/A+ 2.3, with a shortcut for our own kind: the result moves without a job in between. */
  private adopt(value: object): boolean {
    if ((value as unknown) === this) {
      // Promises/A+ 2.3.1 asks for a TypeError; the code is as on errors of ours.
      const error = new TypeError('a deferred cannot wait for itself')
      this.settle(REJECTED, Object.assign(error, { code: 'DEFERRED_CYCLE' }))
      return true
    }
    if (value instanceof Deferred) {
      const source: AnyDeferred = value
      source.observed()
      if (source.isPending) {
        this.stage = SEALED
        this.link = new Follower(source, this as AnyDeferred)
        source.observe(this.link)
      } else {
        this.settle(source.stage, source.result)
      }
      return true
    }
    let then: unknown
    try {
      then = (value as { then?: unknown }).then
    } catch (error) {
      this.settle(REJECTED, error)
      return true
    }
    if (typeof then !== 'function') {
      this.settle(FULFILLED, value)
      return true
    }
    this.stage = SEALED
    enqueueJob(new Adoption(this, value, then as ThenMethod))
    return true
  }

  /** @internal What keeps this while it is pending. */
  get keeper(): Keeper | undefined {
    return typeof this.holder === 'object' ? this.holder : undefined
  }

  /** @internal Takes the place of the canceller, or of another keeper, which is not told. */
  set keeper(keeper: Keeper) {
    if (this.isPending) this.holder = keeper
  }

  /** @internal What it is settled with, for a keeper that is being released: the value, or the error. */
  get settledWith(): unknown {
    return this.result
  }

  /** @internal Settles as `source` does, if nothing settles it before: as if it listened, but in chains of any length. */
  follow(source: Deferred<T>): void {
    source.observed()
    if (source.isPending) source.observe(new Follower(source as AnyDeferred, this as AnyDeferred))
    else if (this.isPending) this.settle(source.stage, source.result)
  }

  /** @internal What was adopted gave a value, maybe another thenable: follow that one in its place. */
  adoptedValue(value: unknown): void {
    if (this.stage !== SEALED) return
    this.stage = PENDING
    this.resolve(value as T)
  }

  /** @internal What was adopted failed. */
  adoptedError(error: unknown): void {
    if (this.stage === SEALED) this.settle(REJECTED, error)
  }

  private settle(state: number, result: unknown): void {
    const observers = this.end(state, result)
    if (observers === undefined) return
    const followers = observers.settled(state === FULFILLED, result)
    if (followers !== undefined) settleAll(Array.isArray(followers) ? followers : [followers], state, result)
  }

  /** @internal Becomes settled. @returns who is to be told now. */
  end(state: number, result: unknown): Observer<AnyDeferred> | ObserverList<AnyDeferred> | undefined {
    const { observers, holder } = this
    this.stage = state
    this.result = result
    this.holder = undefined
    this.link = undefined
    this.observers = undefined
    if (typeof holder === 'object' && holder.released !== undefined) notify(RELEASE, holder)
    if (state === REJECTED && !this.wasObserved) this.reportUnobserved()
    return observers
  }

  private reportUnobserved(): void {
    // A cancellation that nobody waits for has reached everybody whom it concerns.
    if (this.result instanceof CancelledError) return
    if (this.watch === undefined) this.watch = new NativeRejection(this.result)
    else this.watch.failed(this, this.result)
  }

  private observed(): void {
    if (this.wasObserved) return
    this.wasObserved = true
    if (this.stage === REJECTED && this.watch instanceof NativeRejection) this.watch.takeBack()
  }
}

/**
 * Whoever adopted a deferred settles with it, and whoever adopted that: with a loop, for such chains grow as long as a
 * recursion of handlers goes deep. `stack` is the caller's to give away.
 */
function settleAll(stack: AnyDeferred[], state: number, result: unknown): void {
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (!next.isPending) continue
    const followers = next.end(state, result)?.settled(state === FULFILLED, result)
    if (followers === undefined) continue
    if (Array.isArray(followers)) for (const follower of followers) stack.push(follower)
    else stack.push(followers)
  }
}

const RELEASE = (keeper: Keeper): void => keeper.released?.()

function asCancelled(reason: unknown): CancelledError {
  return reason instanceof CancelledError ? reason : new CancelledError(reason)
}
