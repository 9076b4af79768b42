/**
 * The bytes of one file, or of a range of it: opened before its answer begins, so that what cannot be read is told by
 * the status, and closed whatever becomes of that answer.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { codeOf, OverloadError, UsageError } from '../../../runtime/errors.ts'

/** Bytes that are read at once. As much as a connection holds before it asks its source to wait. */
const PIECE_BYTES = 65_536

type Piece = IteratorResult<Uint8Array, undefined>
const END: Piece = { done: true, value: undefined }

/** Windows has no such flag, and no file that keeps its opener waiting. */
const NON_BLOCKING = constants.O_NONBLOCK ?? 0

export class FileContent implements AsyncIterableIterator<Uint8Array, undefined> {
  private readonly handle: FileHandle
  private readonly name: string
  private at: number
  private left: number
  private closing: Promise<void> | undefined = undefined

  private constructor(handle: FileHandle, name: string, start: number, bytes: number) {
    this.handle = handle
    this.name = name
    this.at = start
    this.left = bytes
  }

  /**
   * @param path - the way to it without symbolic links.
   * @param expected - the file that was looked at.
   * @returns undefined where another one, or none, is in its place by now.
   * @throws what the file system throws; OverloadError (`HTTP_FILES_EXHAUSTED`) where the process may open no more.
   */
  static async open(
    path: string,
    name: string,
    expected: Stats,
    start: number,
    bytes: number,
  ): Promise<FileContent | undefined> {
    const handle = await openFile(path)
    if (handle === undefined) return undefined
    const content = new FileContent(handle, name, start, bytes)
    let isSame = false
    try {
      isSame = isSameFile(await handle.stat(), expected)
    } finally {
      if (!isSame) await content.close()
    }
    return isSame ? content : undefined
  }

  /** All of it, in one buffer, and closes. @returns undefined where the file has become too short for that. */
  async whole(): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(this.left)
    let filled = 0
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await this.handle.read(bytes, filled, bytes.length - filled, this.at + filled)
        if (bytesRead === 0) return undefined
        filled += bytesRead
      }
      return bytes
    } finally {
      await this.close()
    }
  }

  /** @throws UsageError (`HTTP_FILE_SHRANK`) where the file ends before the length that was announced. */
  async next(): Promise<Piece> {
    if (this.left === 0) await this.close()
    if (this.closing !== undefined) return END
    const bytes = Buffer.allocUnsafeSlow(Math.min(this.left, PIECE_BYTES))
    let bytesRead = 0
    try {
      bytesRead = (await this.handle.read(bytes, 0, bytes.length, this.at)).bytesRead
    } catch (error) {
      await this.close()
      throw error
    }
    if (bytesRead === 0) {
      await this.close()
      throw new UsageError(
        'HTTP_FILE_SHRANK',
        `${this.name} became shorter while it was sent, by ${this.left} bytes: replace a file that is served, do not rewrite it`,
      )
    }
    this.at += bytesRead
    this.left -= bytesRead
    return { done: false, value: bytesRead === bytes.length ? bytes : bytes.subarray(0, bytesRead) }
  }

  async return(): Promise<Piece> {
    await this.close()
    return END
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Lets go of the file, as soon as nothing is being read from it. Idempotent. */
  close(): Promise<void> {
    // Nothing was written: what the operating system says to a close changes nothing for anybody.
    this.closing ??= this.handle.close().catch(() => {})
    return this.closing
  }
}

/**
 * By name, or by what its answer says of it. Either will do: a file that is being appended to has another size at each
 * look, and some layered file systems name an open file otherwise than one that is not.
 */
function isSameFile(one: Stats, other: Stats): boolean {
  const hasSameName = one.dev === other.dev && one.ino === other.ino
  return one.isFile() && (hasSameName || (one.size === other.size && one.mtimeMs === other.mtimeMs))
}

/** To open a pipe waits for its other end: a pipe that has come into a file's place must not keep a thread waiting. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | NON_BLOCKING)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    if (code === 'EMFILE' || code === 'ENFILE') {
      throw new OverloadError('HTTP_FILES_EXHAUSTED', `no more files can be opened: ${code}`, {
        cause: error,
      })
    }
    throw error
  }
}
