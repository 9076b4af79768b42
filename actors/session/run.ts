/** Messages that go to the same members one directly after the other: joined once for each format, in pieces of a bounded size. */
import type { Log } from '../../runtime/context/log.ts'
import { codeOf, describe } from '../../runtime/errors.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { Format, Shared } from './shared.ts'

type Bytes = Uint8Array | string

/** Messages after which a run is given out, and does not wait for the end of its turn. */
const MESSAGES_MAX = 256

/** Bytes that are joined: no more than this is written to a stream beyond its high-water mark. */
const PIECE_BYTES_MAX = 16_384

/** What leaves in one piece. */
export interface Piece {
  readonly bytes: Bytes
  /** What it was joined of, for who can take them only one by one; itself, where it is one. */
  readonly parts: readonly Bytes[]
}

/** `full`: the peer reads so slowly that it is being disconnected. `closed`: it is no more. */
export type Told = 'accepted' | 'full' | 'closed'

/** Takes what is said to one peer. */
export interface Tap {
  tell(message: Shared<unknown>): Told
  /** What was gathered. */
  putRun(run: Run): void
}

export interface Audience {
  readonly group: string
  /** When the members were looked up. */
  readonly groupChanges: number
  readonly except: Ref | undefined
  /** Of those members that are connections of ours. */
  readonly taps: readonly Tap[]
  /** The others: they have mailboxes, and are told there. */
  readonly mailed: readonly Ref[]
}

export class Run {
  readonly audience: Audience
  /** Of whoever has begun it. */
  private readonly log: Log
  private readonly messages: Shared<unknown>[] = []
  private format: Format<never> | undefined = undefined
  private pieces: readonly Piece[] = []
  /** Of the formats but the first that was asked for. */
  private others: Map<Format<never>, readonly Piece[]> | undefined = undefined
  /** What went wrong. It is logged when all have got theirs: a log may have something to say to them itself. */
  private readonly failures: { readonly error: unknown; readonly what: string }[] = []

  constructor(log: Log, audience: Audience) {
    this.log = log
    this.audience = audience
  }

  get isFull(): boolean {
    return this.messages.length >= MESSAGES_MAX
  }

  isFor(group: string, groupChanges: number, except: Ref | undefined): boolean {
    const { audience } = this
    return group === audience.group && groupChanges === audience.groupChanges && except === audience.except
  }

  add(message: Shared<unknown>): void {
    this.messages.push(message)
  }

  piecesIn(format: Format<never>): readonly Piece[] {
    if (this.format === format) return this.pieces
    if (this.format === undefined) {
      this.format = format
      this.pieces = this.join(format)
      return this.pieces
    }
    this.others ??= new Map()
    let pieces = this.others.get(format)
    if (pieces === undefined) {
      pieces = this.join(format)
      this.others.set(format, pieces)
    }
    return pieces
  }

  giveOut(): void {
    for (const tap of this.audience.taps) {
      try {
        tap.putRun(this)
      } catch (error) {
        this.failures.push({ error, what: 'a peer could not be told' })
      }
    }
    for (const { error, what } of this.failures)
      this.log.error({ code: codeOf(error), error }, `${what}: ${describe(error)}`)
  }

  private join(format: Format<never>): Piece[] {
    const pieces: Piece[] = []
    let parts: Bytes[] = []
    let length = 0
    for (const message of this.messages) {
      const bytes = this.encoded(message, format)
      if (bytes === undefined) continue
      if (length > 0 && length + bytes.length > PIECE_BYTES_MAX) {
        pieces.push(pieceOf(parts, length))
        parts = []
        length = 0
      }
      parts.push(bytes)
      length += bytes.length
    }
    if (parts.length > 0) pieces.push(pieceOf(parts, length))
    return pieces
  }

  /** What cannot be encoded is its sender's mistake: nobody gets it, and the others get all else. */
  private encoded(message: Shared<unknown>, format: Format<never>): Bytes | undefined {
    try {
      return message.bytesIn(format as Format<unknown>)
    } catch (error) {
      this.failures.push({ error, what: 'a message could not be encoded, and was not sent' })
      return undefined
    }
  }
}

function pieceOf(parts: readonly Bytes[], length: number): Piece {
  const [first] = parts
  if (parts.length === 1) return { bytes: first as Bytes, parts }
  if (parts.every((part) => typeof part === 'string')) return { bytes: parts.join(''), parts }
  const joined = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') joined.write(part, at, 'latin1')
    else joined.set(part, at)
    at += part.length
  }
  return { bytes: joined, parts }
}
