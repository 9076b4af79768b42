/** What all supervisors are: actors that answer questions about their children, and do nothing else. */
import type { Envelope } from '../mailbox/envelope.ts'
import type { Children } from './children.ts'
import type { Host, Instance } from './logic.ts'

export abstract class Supervising<Question> implements Instance {
  protected readonly host: Host
  protected abstract readonly children: Children

  constructor(host: Host) {
    this.host = host
  }

  /** @returns the answer, or a deferred of it; undefined for what is no question to a supervisor. */
  protected abstract answerTo(question: Question): unknown

  receive(envelope: Envelope): void {
    const answer = this.answerTo(envelope.event as Question)
    if (answer === undefined) this.host.unhandled(envelope)
    else this.host.answer(envelope, answer)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {
    this.children.resume()
  }

  /** Its children are ended by its own end, each in its time. */
  get drains(): boolean {
    return false
  }

  release(): void {
    this.children.release()
  }

  get value(): string {
    return 'supervising'
  }

  get context(): unknown {
    return { children: this.children.count }
  }
}
