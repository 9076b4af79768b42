/** The codings themselves, by node:zlib: of a whole body, now or on another thread, and piece by piece. */
import zlib from 'node:zlib'
import type { Encoder } from './compressed-body.ts'

export interface ContentCoder {
  now(bytes: Uint8Array): Buffer
  later(bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void): void
  createEncoder(): Encoder
  /** What makes an encoder give out all that it was given so far. */
  readonly flushKind: number
}

/**
 * Base-2 logarithm of brotli's window: 256 KiB. Its default, 4 MiB for each response under way, saves little more and
 * costs as much again in page faults as in compressing.
 */
const BROTLI_WINDOW_BITS = 18

const { constants } = zlib

/** @param level - 1 to 9. */
export function gzipCoder(level: number): ContentCoder {
  return {
    now: (bytes) => zlib.gzipSync(bytes, { level }),
    later: (bytes, done) => zlib.gzip(bytes, { level }, done),
    createEncoder: () => zlib.createGzip({ level }),
    flushKind: constants.Z_SYNC_FLUSH,
  }
}

/** @param quality - 0 to 11. */
export function brotliCoder(quality: number): ContentCoder {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW_BITS,
  }
  const sized = ({ length }: Uint8Array) => ({
    params: { ...params, [constants.BROTLI_PARAM_SIZE_HINT]: length },
  })
  return {
    now: (bytes) => zlib.brotliCompressSync(bytes, sized(bytes)),
    later: (bytes, done) => zlib.brotliCompress(bytes, sized(bytes), done),
    createEncoder: () => zlib.createBrotliCompress({ params }),
    flushKind: constants.BROTLI_OPERATION_FLUSH,
  }
}

/** Node's own since 22.15, and not in the declarations of Node 20. */
interface Zstd {
  zstdCompressSync(bytes: Uint8Array): Buffer
  zstdCompress(bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void): void
  createZstdCompress(): Encoder
  readonly constants: { readonly ZSTD_e_flush: number }
}

/** With zstd's own level, 3. @returns undefined where this Node has none. */
export function zstdCoder(): ContentCoder | undefined {
  if (!('createZstdCompress' in zlib)) return undefined
  const zstd = zlib as unknown as Zstd
  return {
    now: (bytes) => zstd.zstdCompressSync(bytes),
    later: (bytes, done) => zstd.zstdCompress(bytes, done),
    createEncoder: () => zstd.createZstdCompress(),
    flushKind: zstd.constants.ZSTD_e_flush,
  }
}
