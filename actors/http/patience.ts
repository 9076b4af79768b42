/**
 * Who is waited for while a request is under way, and for how long.
 *
 * The handler has its time, which stands still while the handler itself waits for the request's body: then it is the
 * client who is waited for, at the body's pace. Of the one who is waited for the connection is told before each pause;
 * what is late is thrown at the conversation as a `ConnectionTimeoutError`, whose code says who.
 */
import type { Connection } from '../connection/connection.ts'
import type { HttpLimits } from './limits.ts'
import type { HttpRequest } from './request.ts'

/** The handler is late. */
export const RESPONSE_LATE = 'HTTP_RESPONSE_TIMEOUT'
/** The client does not send its body. */
export const BODY_LATE = 'HTTP_BODY_TIMEOUT'
/** The client has ended its side, and cannot be told from one that is gone. */
export const CLIENT_LEFT = 'HTTP_CLIENT_LEFT'

/** A source does not end, though its body is complete. */
const SOURCE_OPEN = 'HTTP_SOURCE_OPEN'

export class Patience {
  private readonly connection: Connection
  private readonly limits: HttpLimits
  /** What is left of the handler's time, as of the instant since which it runs; undefined while it stands still. */
  private handlerMs = 0
  private runsSinceMs: number | undefined = undefined

  constructor(connection: Connection, limits: HttpLimits) {
    this.connection = connection
    this.limits = limits
  }

  /** The handler of a new request is asked. */
  begin(): void {
    this.handlerMs = this.limits.responseTimeoutMs
    this.runsSinceMs = this.connection.nowMs
  }

  /** For the answer, or for the body that it is to be made from. */
  forAnswer(request: HttpRequest): void {
    const { connection } = this
    const { nowMs } = connection
    if (this.runsSinceMs !== undefined) this.handlerMs -= nowMs - this.runsSinceMs
    if (request.isBodyAwaited) {
      this.runsSinceMs = undefined
      connection.expect(request.body.patienceMs(nowMs), BODY_LATE, 'more of the body')
    } else {
      this.runsSinceMs = nowMs
      connection.expect(Math.max(0, this.handlerMs), RESPONSE_LATE, 'response')
    }
  }

  /** For a source that has given all that was promised to say that it has ended. */
  forEnd(): void {
    this.connection.expect(this.limits.bodyIdleTimeoutMs, SOURCE_OPEN, 'end of a body that is complete')
  }

  /** A source may be silent for as long as it likes, but not for a client that is silent too, or may have left. */
  forPiece(request: HttpRequest): void {
    const { connection } = this
    if (request.isBodyAwaited) {
      connection.expect(request.body.patienceMs(connection.nowMs), BODY_LATE, 'more of the body')
    } else if (connection.input.ended) {
      const { bodyIdleTimeoutMs } = this.limits
      connection.expect(bodyIdleTimeoutMs, CLIENT_LEFT, 'piece for a client that has ended its side')
    } else {
      connection.expectNothing()
    }
  }
}
