/** What can be said of files that are sent, and the checks of it. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../../runtime/errors.ts'
import { type HeaderBlock, headerBlock, type ResponseHeaders } from '../codec/serialise.ts'

export interface FileOptions {
  /** The folder below which files are found: a path, relative to the working directory or absolute, or a `file:` URL. */
  readonly root: string | URL
  /** What is sent for a folder: the first of these files that is in it. Default `index.html`; none: folders are not found. */
  readonly index?: readonly string[]
  /** Tried in order behind a path that has no extension and is not there: `['html']`. Default none. */
  readonly extensions?: readonly string[]
  /** Names that begin with a dot, of files and folders: not found, forbidden, or like any other. Default `ignore`. */
  readonly dotfiles?: 'ignore' | 'deny' | 'allow'
  /** Symbolic links: followed where they end below the root, or wherever they lead. Default `within`. */
  readonly symlinks?: 'within' | 'follow'
  /** Milliseconds for which a client need not ask again. Default 0: it asks each time, and is mostly answered with 304. */
  readonly maxAgeMs?: number
  /** Within `maxAgeMs` it need not ask even when it is reloaded: for names that change with the content. Default false. */
  readonly immutable?: boolean
  /** Fields for 200, 206 and 304, in the place of those that are found: `content-type`, `cache-control` ... */
  readonly headers?: ResponseHeaders
}

/** A year: what RFC 9111 calls long enough, and the library's bound. */
const MAX_AGE_MS_MAX = 365 * 24 * 60 * 60 * 1000

/** Options that were checked: nothing is left out, and the root is absolute. */
export interface CheckedFileOptions extends Required<Omit<FileOptions, 'root' | 'headers'>> {
  readonly root: string
  readonly headers: HeaderBlock
}

const NO_FIELDS = headerBlock([])

/** @throws UsageError (`HTTP_FILE_OPTION`), or what `headerBlock` throws. */
export function checkFileOptions(options: FileOptions): CheckedFileOptions {
  const { root, maxAgeMs = 0, dotfiles = 'ignore', symlinks = 'within', immutable = false } = options
  // Without a root the library would serve the whole disk.
  if (!(root instanceof URL) && (typeof root !== 'string' || root === '')) {
    throw invalid('root is the path or the URL of a folder')
  }
  if (!(maxAgeMs >= 0 && maxAgeMs <= MAX_AGE_MS_MAX)) {
    throw invalid(`maxAgeMs is a number from 0 to ${MAX_AGE_MS_MAX}, a year, not ${String(maxAgeMs)}`)
  }
  if (!['ignore', 'deny', 'allow'].includes(dotfiles)) {
    throw invalid(`dotfiles is ignore, deny or allow, not "${String(dotfiles)}"`)
  }
  if (!['within', 'follow'].includes(symlinks)) {
    throw invalid(`symlinks is within or follow, not "${String(symlinks)}"`)
  }
  return {
    root: resolve(root instanceof URL ? fileURLToPath(root) : root),
    index: options.index ?? ['index.html'],
    extensions: options.extensions ?? [],
    dotfiles,
    symlinks,
    maxAgeMs,
    immutable,
    headers: options.headers === undefined ? NO_FIELDS : headerBlock(options.headers),
  }
}

function invalid(message: string): UsageError {
  return new UsageError('HTTP_FILE_OPTION', message)
}
