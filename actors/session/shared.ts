/**
 * A message for many: encoded once for all who get it in the same format, and its bytes are shared by them.
 *
 * Rules: a format stands for itself, so whoever speaks to many peers makes it once and not for each of them. What cannot
 * be encoded is thrown once, at the first who asks; the others of that format are given nothing.
 */

/** How messages are put on a wire. */
export interface Format<in T> {
  /** The whole of it, framing and all. A string stands for bytes, one a character (latin1). */
  encode(message: T): Uint8Array | string
}

type Bytes = Uint8Array | string

export class Shared<out T> {
  readonly message: T
  private format: Format<never> | undefined = undefined
  private bytes: Bytes | undefined = undefined
  /** Of the other formats; there is seldom more than one. */
  private others: Map<Format<never>, Bytes | undefined> | undefined = undefined

  constructor(message: T) {
    this.message = message
  }

  /** @returns undefined where it could not be encoded, which was thrown before. @throws what `encode` throws, once. */
  bytesIn(format: Format<T>): Bytes | undefined {
    if (this.format === format) return this.bytes
    if (this.format === undefined) {
      this.format = format
      this.bytes = format.encode(this.message)
      return this.bytes
    }
    this.others ??= new Map()
    if (!this.others.has(format)) {
      this.others.set(format, undefined)
      this.others.set(format, format.encode(this.message))
    }
    return this.others.get(format)
  }
}
