/**
 * Files as answers: a folder's files by their path, with all that HTTP has for them: types, conditions, ranges. What is
 * to be answered is found by the library `@fastify/send`; the bytes are ours, read as fast as the client takes them.
 *
 * Rules: a path names one file below the root, part by part, or nothing: no part of it is decoded into more than a
 * name, so that who has looked at `request.path` has seen where it leads. Every answer but a good one is one line, and
 * says nothing of the place where the files are.
 */
import { OverloadError } from '../../../runtime/errors.ts'
import type { HttpRequest } from '../request.ts'
import type { HttpResponse } from '../response.ts'
import { FileLook, refusal } from './file-look.ts'
import { checkFileOptions, type FileOptions } from './file-options.ts'

/** Looks at a file whose place is taken by another one between two looks: that is a deployment, and happens once. */
const LOOKS_MAX = 3

/**
 * Answers GET and HEAD with a file below `root`: `file(request, request.path, { root: 'public' })`.
 *
 * | status | when |
 * | --- | --- |
 * | 200, 206 | the file, or the one range asked for; several ranges that do not touch get the whole |
 * | 301 | a folder without its last slash, where it has an index |
 * | 304, 412 | the conditions of the request say so |
 * | 400 | a path that is not percent-encoded UTF-8, or holds NUL |
 * | 403 | what the process may not read; a dotfile under `deny` |
 * | 404 | all else: an encoded slash, a backslash, `.`, `..` and empty parts; pipes and devices; links that lead away |
 * | 405 | another method |
 * | 416 | no byte of the range is in the file |
 *
 * The file is closed when its answer has been sent, when the client leaves, and at the latest when the request ends,
 * whatever the handler made of the answer. One that grows is sent as long as it was; one that becomes shorter while it
 * is sent has its connection reset, and `HTTP_FILE_SHRANK` logged. So replace files that are served by renaming.
 *
 * @param path - percent-encoded, as in `request.path`; what comes before the files' own path is to be cut off by the caller.
 * @throws UsageError (`HTTP_FILE_OPTION`) for options that cannot work; OverloadError (`HTTP_FILES_EXHAUSTED`) when the
 *   process may open no more files, (`HTTP_FILE_UNSETTLED`) for one that is replaced as often as it is looked at: 503.
 */
export async function file(request: HttpRequest, path: string, options: FileOptions): Promise<HttpResponse> {
  const checked = checkFileOptions(options)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refusal(405, [['allow', 'GET, HEAD']])
  }
  const names = namesOf(path)
  if (typeof names === 'number') return refusal(names)
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const answer = await new FileLook(request, path, checked).answer(names)
    if (answer !== undefined) return answer
  }
  throw new OverloadError(
    'HTTP_FILE_UNSETTLED',
    `${request.path} is replaced by another file as often as it is looked at`,
  )
}

/** The parts of a path, decoded; or the status that refuses it. */
function namesOf(path: string): string[] | number {
  const parts = (path.startsWith('/') ? path.slice(1) : path).split('/')
  const names: string[] = []
  for (const [at, part] of parts.entries()) {
    let name: string
    try {
      name = decodeURIComponent(part)
    } catch {
      return 400
    }
    if (name.includes('\0')) return 400
    const isLast = at === parts.length - 1
    if (/[/\\]/.test(name) || name === '.' || name === '..' || (name === '' && !isLast)) return 404
    names.push(name)
  }
  return names
}
