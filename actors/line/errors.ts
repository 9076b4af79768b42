/** What a peer can do wrong that speaks in lines. */
import { PeerError } from '../../runtime/errors.ts'

export type LineErrorCode =
  /** A line has more bytes than it may have. */
  | 'LINE_TOO_LONG'
  /** A line is not UTF-8. */
  | 'LINE_NOT_UTF8'

/** The peer has sent no line. Its message is fit to be shown to it. */
export class LineError extends PeerError {
  declare readonly code: LineErrorCode

  constructor(code: LineErrorCode, message: string) {
    super(code, message)
  }
}
