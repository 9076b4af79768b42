/**
 * What waits for a deferred. Three kinds: a listener is told synchronously; a reaction (`then`) becomes a job and
 * settles the deferred derived from it; a follower hands the result to the deferred that adopted this one. A listener
 * may also be there for bookkeeping alone: then it does not count as somebody who waits.
 *
 * Rules: `settled` is called once at most, synchronously, and never throws. What must go on at once it gives back, so
 * that the settling deferred goes on with a loop and not with a call: chains have any length.
 */
import { enqueueJob, type Job } from './jobs.ts'

/** The deferred at the lower end of a reaction or a follower, as far as these need to know it. */
export interface Consumer {
  resolve(value: unknown): boolean
  reject(error: unknown): boolean
}

export type Observer<D extends Consumer> = Listener | Follower<D> | Reaction<D>

export class Listener {
  private readonly onValue: (value: unknown) => void
  private readonly onError: (error: unknown) => void
  readonly isWaiting: boolean

  constructor(onValue: (value: unknown) => void, onError: (error: unknown) => void, isWaiting: boolean) {
    this.onValue = onValue
    this.onError = onError
    this.isWaiting = isWaiting
  }

  /** A listener stays. */
  get isGone(): false {
    return false
  }

  settled(isValue: boolean, result: unknown): undefined {
    notify(isValue ? this.onValue : this.onError, result)
  }
}

/** A deferred that adopted another: it takes over the result as it comes, without a job in between. */
export class Follower<D extends Consumer> {
  readonly source: D
  readonly consumer: D
  /** The consumer was called off and waits no more. */
  isGone = false

  constructor(source: D, consumer: D) {
    this.source = source
    this.consumer = consumer
  }

  get isWaiting(): boolean {
    return !this.isGone
  }

  settled(): D {
    return this.consumer
  }

  /** Stops waiting for a source that others still wait for. */
  leave(): void {
    this.isGone = true
  }
}

/** A `then`: waits, becomes a job when the result is there, and settles the derived deferred. */
export class Reaction<D extends Consumer> implements Job {
  readonly source: D
  private readonly consumer: D
  private readonly onValue: ((value: unknown) => unknown) | undefined
  private readonly onError: ((error: unknown) => unknown) | undefined
  private isValue = false
  private result: unknown = undefined
  /** The derived deferred was called off and waits no more. */
  isGone = false

  constructor(
    source: D,
    consumer: D,
    onValue: ((value: unknown) => unknown) | undefined,
    onError: ((error: unknown) => unknown) | undefined,
  ) {
    this.source = source
    this.consumer = consumer
    this.onValue = onValue
    this.onError = onError
  }

  get isWaiting(): boolean {
    return !this.isGone
  }

  settled(isValue: boolean, result: unknown): undefined {
    this.isValue = isValue
    this.result = result
    enqueueJob(this)
  }

  /** Stops waiting for a source that others still wait for. To its handler that is a failure like any: it cleans up. */
  leave(failure: unknown): void {
    this.isGone = true
    this.settled(false, failure)
  }

  run(): void {
    const handler = this.isValue ? this.onValue : this.onError
    if (handler === undefined) {
      if (this.isValue) this.consumer.resolve(this.result)
      else this.consumer.reject(this.result)
      return
    }
    let value: unknown
    try {
      value = handler(this.result)
    } catch (error) {
      this.consumer.reject(error)
      return
    }
    this.consumer.resolve(value)
  }
}

/** What waits for one deferred, where that is more than one, in order of arrival. */
export class ObserverList<D extends Consumer> {
  private observers: Observer<D>[] = []
  private waitingCount = 0
  private goneCount = 0

  constructor(first: Observer<D>, second: Observer<D>) {
    this.add(first)
    this.add(second)
  }

  /** More than one still waits. */
  get isShared(): boolean {
    return this.waitingCount > 1
  }

  add(observer: Observer<D>): void {
    this.observers.push(observer)
    if (observer.isWaiting) this.waitingCount += 1
  }

  /**
   * One of them has gone. They are dropped in bulk, so that a deferred which lives long and is waited for briefly and
   * often keeps at most as many that have gone as still wait, at a constant cost for each.
   */
  oneGone(): void {
    this.waitingCount -= 1
    this.goneCount += 1
    if (this.goneCount <= this.observers.length >> 1) return
    this.observers = this.observers.filter(isThere)
    this.goneCount = 0
  }

  /** Tells all that wait. @returns the followers, the last first. */
  settled(isValue: boolean, result: unknown): D[] | undefined {
    let followers: D[] | undefined
    for (const observer of this.observers) {
      if (observer.isGone) continue
      const follower = observer.settled(isValue, result)
      if (follower === undefined) continue
      if (followers === undefined) followers = [follower]
      else followers.push(follower)
    }
    return followers?.reverse()
  }
}

function isThere(observer: { readonly isGone: boolean }): boolean {
  return !observer.isGone
}

/** Calls a listener. What it throws becomes an unhandled rejection: it must harm neither the settler nor the others. */
export function notify<V>(listener: (value: V) => void, value: V): void {
  try {
    listener(value)
  } catch (error) {
    void Promise.reject(error)
  }
}
