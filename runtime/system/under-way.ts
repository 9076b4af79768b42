/**
 * What an instance has begun and not finished: questions taken and not answered, and async handlers that nobody waits
 * for. Only what outlasts its handler is noted here, so that the end of the instance can fail it, and a drain wait for it.
 */
import { Deferred } from '../deferred/deferred.ts'

export class UnderWay {
  private readonly questions = new Set<Deferred<unknown>>()
  private works = 0
  private isOver = false
  private readonly onNone: () => void

  /** @param onNone - called whenever the last thing under way is done. */
  constructor(onNone: () => void) {
    this.onNone = onNone
  }

  get isNone(): boolean {
    return this.questions.size === 0 && this.works === 0
  }

  /** A question that will be answered later. */
  owe(reply: Deferred<unknown>): void {
    if (!reply.isPending || this.questions.has(reply)) return
    this.questions.add(reply)
    reply.attend(
      () => this.paid(reply),
      () => this.paid(reply),
    )
  }

  /** It will be taken again: that is no debt any more. */
  disown(reply: Deferred<unknown>): void {
    if (this.questions.has(reply)) this.paid(reply)
  }

  /** The answer will be what `source` gives. Cancelling the question cancels the work on it, unless others wait for it. */
  answer(reply: Deferred<unknown>, source: PromiseLike<unknown>): void {
    // A branch of its own: what one asker calls off may be another's answer too.
    const work = new Deferred<unknown>()
    work.resolve(source)
    reply.attend(ignore, (error) => work.cancel(error))
    reply.follow(work)
  }

  /** Work that no question waits for. @param onError - told of its failure, and whether the instance is gone by then. */
  work(source: PromiseLike<unknown>, onError: (error: unknown, isOver: boolean) => void): void {
    this.works += 1
    Deferred.from(source).listen(
      () => this.worked(),
      (error) => {
        onError(error, this.isOver)
        this.worked()
      },
    )
  }

  /** The instance is gone: no question stays open. */
  end(error: unknown): void {
    this.isOver = true
    for (const reply of [...this.questions]) reply.reject(error)
  }

  private paid(reply: Deferred<unknown>): void {
    this.questions.delete(reply)
    this.done()
  }

  private worked(): void {
    this.works -= 1
    this.done()
  }

  private done(): void {
    if (!this.isOver && this.isNone) this.onNone()
  }
}

function ignore(): void {}
