/**
 * How a deferred takes over the result of a foreign thenable (Promises/A+ 2.3.3.3): its `then` is called from the job
 * queue, never by `resolve` itself, and only the first answer counts.
 */
import type { Job } from './jobs.ts'

export type ThenMethod = (onValue: (value: unknown) => void, onError: (error: unknown) => void) => void

/** The deferred that waits for the thenable. Both methods do nothing once it was cancelled. */
export interface Adopter {
  adoptedValue(value: unknown): void
  adoptedError(error: unknown): void
}

export class Adoption implements Job {
  private readonly adopter: Adopter
  private readonly thenable: object
  private readonly method: ThenMethod
  private isAnswered = false

  constructor(adopter: Adopter, thenable: object, method: ThenMethod) {
    this.adopter = adopter
    this.thenable = thenable
    this.method = method
  }

  run(): void {
    try {
      this.method.call(
        this.thenable,
        (value) => {
          if (this.isFirst()) this.adopter.adoptedValue(value)
        },
        (error) => {
          if (this.isFirst()) this.adopter.adoptedError(error)
        },
      )
    } catch (error) {
      if (this.isFirst()) this.adopter.adoptedError(error)
    }
  }

  private isFirst(): boolean {
    if (this.isAnswered) return false
    this.isAnswered = true
    return true
  }
}
