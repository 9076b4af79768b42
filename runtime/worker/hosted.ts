/** The far end of an actor on a thread: its logic, and a note of every message that its instance begins and ends with. */
import type { Envelope } from '../mailbox/envelope.ts'
import type { AnyLogic, Instance } from '../system/logic.ts'

/** Told about each message around its handler. */
export interface Observer {
  /** @returns false where it is not to be handled. */
  begins(envelope: Envelope): boolean
  ends(envelope: Envelope): void
}

export function hosted(logic: AnyLogic, observer: Observer): AnyLogic {
  return {
    name: logic.name,
    needs: logic.needs,
    create: (host, ctx, input) => new Hosted(logic.create(host, ctx, input), observer),
  }
}

class Hosted implements Instance {
  private readonly inner: Instance
  private readonly observer: Observer
  /** Only where the instance has it. */
  readonly drain?: (isRestart: boolean) => void

  constructor(inner: Instance, observer: Observer) {
    this.inner = inner
    this.observer = observer
    if (inner.drain !== undefined) this.drain = (isRestart) => inner.drain?.(isRestart)
  }

  receive(envelope: Envelope): void {
    if (!this.observer.begins(envelope)) return
    try {
      this.inner.receive(envelope)
    } finally {
      this.observer.ends(envelope)
    }
  }

  get isBusy(): boolean {
    return this.inner.isBusy
  }

  resume(): void {
    this.inner.resume()
  }

  get keepsQuestions(): boolean {
    return this.inner.keepsQuestions === true
  }

  get underWay(): number {
    return this.inner.underWay ?? 0
  }

  get drains(): boolean {
    return this.inner.drains
  }

  release(): ReturnType<Instance['release']> {
    return this.inner.release()
  }

  get workingIn(): Instance['workingIn'] {
    return this.inner.workingIn
  }

  get value(): unknown {
    return this.inner.value
  }

  get context(): unknown {
    return this.inner.context
  }
}
