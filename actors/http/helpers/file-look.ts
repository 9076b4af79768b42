/**
 * One look at a file, by the library `@fastify/send`, and the answer that follows from it. What the library does not look
 * at is looked at here: pipes and devices, where links lead, conditions that want a strong validator.
 */
import type { Stats } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { codeOf } from '../../../runtime/errors.ts'
import { type HeaderBlock, headerBlock } from '../codec/serialise.ts'
import { reasonPhrase } from '../codec/status.ts'
import type { HttpRequest } from '../request.ts'
import { HttpResponse, text } from '../response.ts'
import {
  type ConditionFields,
  conditionFields,
  isMatched,
  isSettled,
  settleRange,
  strongTag,
} from './file-conditions.ts'
import { FileContent } from './file-content.ts'
import type { CheckedFileOptions } from './file-options.ts'
import { withFields, withoutFields } from './response-fields.ts'

/** A file that is read at once and leaves in one write with its head; a larger one is read piece by piece. */
const WHOLE_BYTES_MAX = 65_536

/** The library's word on a file. */
type Found = Awaited<ReturnType<typeof import('@fastify/send').send>>

/** What the library came upon that it would have sent. */
class Refused extends Error {
  readonly status: number

  constructor(status: number) {
    super(reasonPhrase(status))
    this.status = status
  }
}

export class FileLook {
  private readonly request: HttpRequest
  private readonly path: string
  private readonly options: CheckedFileOptions
  private readonly wallMs: number
  private readonly fields: ConditionFields
  /** The file that was found, and the way to it without links. */
  private stat: Stats | undefined = undefined
  private realPath = ''

  constructor(request: HttpRequest, path: string, options: CheckedFileOptions) {
    this.request = request
    this.path = path
    this.options = options
    this.wallMs = request.ctx.clock.wallMs()
    this.fields = conditionFields(request)
  }

  /** @returns undefined where the file was replaced meanwhile: look again. */
  async answer(names: readonly string[]): Promise<HttpResponse | undefined> {
    try {
      if (this.options.index.length === 0 && names.at(-1) === '') return refusal(404)
      const found = await this.find(names)
      if (found.type === 'directory') return this.redirect()
      if (found.type === 'error') return refusedBy(found)
      return await this.respond(found)
    } catch (error) {
      return refusal(statusOf(error))
    }
  }

  private async find(names: readonly string[]): Promise<Found> {
    // Loading it takes some 30 ms, which those need not wait for who send no files.
    const { send } = await import('@fastify/send')
    const { root, index, extensions, dotfiles, maxAgeMs, immutable } = this.options
    // As HEAD it opens nothing: the bytes are ours. It reads no more of a request than this.
    const asked = { method: 'HEAD', headers: this.fields } as unknown as Parameters<typeof send>[0]
    return send(asked, `/${names.map(encodeURIComponent).join('/')}`, {
      root,
      index: [...index],
      extensions: [...extensions],
      dotfiles,
      maxAge: maxAgeMs,
      immutable,
      onFile: (path, stat) => this.foundFile(path, stat),
    })
  }

  /** The library calls this before it looks at the conditions. */
  private async foundFile(path: string, stat: Stats): Promise<void> {
    if (!stat.isFile()) throw new Refused(404)
    this.stat = stat
    this.realPath = await realpath(path)
    if (this.options.symlinks !== 'follow' && this.realPath !== path) await this.checkWithin()
    if (!isMatched(this.request, stat, this.wallMs)) throw new Refused(412)
    settleRange(this.request, stat, this.wallMs, this.fields)
  }

  private async checkWithin(): Promise<void> {
    const root = await realpath(this.options.root)
    const below = root.endsWith(sep) ? root : root + sep
    if (!this.realPath.startsWith(below)) throw new Refused(404)
  }

  private async respond({ statusCode, headers: found }: Found): Promise<HttpResponse | undefined> {
    const headers = this.headersOf(found)
    if (statusCode === 304) {
      return new HttpResponse(
        304,
        withoutFields(headers, 'content-type', 'content-encoding', 'content-language'),
      )
    }
    const stat = this.stat as Stats
    const bytes = Number(found['Content-Length'])
    const start = Number(/^bytes (\d+)-/.exec(found['Content-Range'] ?? '')?.[1] ?? 0)
    const content = await FileContent.open(this.realPath, this.request.path, stat, start, bytes)
    if (content === undefined) return undefined
    if (this.request.method === 'HEAD') {
      await content.close()
      return new HttpResponse(statusCode, headers, [], { length: bytes })
    }
    if (bytes <= WHOLE_BYTES_MAX) {
      const whole = await content.whole()
      return whole && new HttpResponse(statusCode, headers, whole)
    }
    this.request.ctx.onCancel(() => void content.close())
    return new HttpResponse(statusCode, headers, content, { length: bytes })
  }

  private headersOf(found: Found['headers']): HeaderBlock {
    const { 'Content-Length': _, ...headers } = found
    const stat = this.stat as Stats
    if (isSettled(stat, this.wallMs)) headers.ETag = strongTag(stat)
    if (!('Content-Type' in headers)) headers['Content-Type'] = 'application/octet-stream'
    const block = headerBlock(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    return withFields(block, this.options.headers)
  }

  /**
   * To the folder itself, so that what its page refers to is found. By a relative reference: where the caller has cut off
   * a part of the path, or a proxy has, that is still right; and it cannot lead to another host.
   */
  private redirect(): HttpResponse {
    const { path, head } = this.request
    const last = lastPartOf(path)
    const isThis = last !== '' && last === lastPartOf(this.path)
    if (this.options.index.length === 0 || !isThis) return refusal(404)
    const query = head.query === '' ? '' : `?${head.query}`
    return refusal(301, [['location', `./${last}/${query}`]])
  }
}

function lastPartOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function refusedBy({ statusCode, headers, ...found }: Found): HttpResponse {
  const error = 'error' in found.metadata ? found.metadata.error : undefined
  const status = statusCode === 500 ? statusOf(error) : statusCode
  const range = headers['Content-Range']
  return refusal(status, range === undefined ? [] : [['content-range', range]])
}

/** What the file system's refusal means to a client. @throws the error, where it means that something is wrong here. */
function statusOf(error: unknown): number {
  if (error instanceof Refused) return error.status
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 403
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return 404
    default:
      throw error
  }
}

/** The answer to who gets no file: its status, and one line. */
export function refusal(status: number, headers: readonly (readonly [string, string])[] = []): HttpResponse {
  return text(`${reasonPhrase(status)}\n`, { status, headers })
}
