/** What a server made of a client's bytes, in a form in which two servers can be compared. */
import { isDeepStrictEqual } from 'node:util'

/** One request as its handler was given it. */
export interface Seen {
  readonly method: string
  readonly target: string
  /** `1.0` or `1.1`; node:http gives what was sent. */
  readonly version: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `undefined` where the body was broken off. */
  readonly body: string | undefined
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

/**
 * How it ended:
 *
 * - `kept`: everything was answered, and the connection lives on.
 * - `closed`: everything was answered, and the connection is closed with the last answer.
 * - `waits`: what came last is not a whole request.
 * - `refused 400` and the like: what came last was refused with that status.
 * - `silent`: no answer, or not to all that was accepted.
 */
export type End = 'kept' | 'closed' | 'waits' | 'silent' | `refused ${number}`

export interface Outcome {
  readonly seen: readonly Seen[]
  readonly end: End
}

/** What the client saw of a connection. */
export interface Answers {
  readonly statuses: readonly number[]
  readonly saysClose: boolean
}

/** @param wasCutShort - the server refused the last request because the client's end came within it. */
export function outcomeOf(seen: readonly Seen[], answers: Answers, wasCutShort: boolean): Outcome {
  return { seen, end: endOf(seen.length, answers, wasCutShort) }
}

function endOf(requests: number, { statuses, saysClose }: Answers, wasCutShort: boolean): End {
  if (wasCutShort) return 'waits'
  const last = statuses.at(-1)
  if (last === undefined) return 'silent'
  if (last >= 400) return `refused ${last}`
  if (statuses.length < requests) return 'silent'
  return saysClose ? 'closed' : 'kept'
}

/** The responses in `text`. No response of the test's handlers has a body; a refusal's is the last thing sent. */
export function readAnswers(text: string): Answers {
  const statuses: number[] = []
  let saysClose = false
  let at = 0
  while (text.startsWith('HTTP/1.1 ', at)) {
    const end = text.indexOf('\r\n\r\n', at)
    const head = text.slice(at, end)
    const status = Number(head.slice(9, 12))
    if (status >= 200) {
      statuses.push(status)
      saysClose = /^connection: close$/im.test(head)
    }
    at = end + 4
  }
  return { statuses, saysClose }
}

/**
 * How two outcomes relate. `we` and `node` say who is stricter: who takes fewer requests, or else lets fewer begin, or
 * else refuses what the other one takes or waits for. `neither`: both refuse and say it differently, or one closes a
 * connection that the other one keeps. `reading`: both take a request, and read it differently.
 */
export type Relation = 'same' | 'we' | 'node' | 'neither' | 'reading'

export function relate(ours: Outcome, theirs: Outcome): Relation {
  if (isDeepStrictEqual(ours, theirs)) return 'same'
  const [mine, other] = [whole(ours), whole(theirs)]
  const shared = Math.min(mine.length, other.length)
  if (!isDeepStrictEqual(mine.slice(0, shared), other.slice(0, shared))) return 'reading'
  return (
    fewer(mine.length, other.length) ??
    fewer(ours.seen.length, theirs.seen.length) ??
    fewer(Number(!refuses(ours)), Number(!refuses(theirs))) ??
    'neither'
  )
}

function fewer(ours: number, theirs: number): Relation | undefined {
  if (ours === theirs) return undefined
  return ours < theirs ? 'we' : 'node'
}

function whole({ seen }: Outcome): readonly Seen[] {
  return seen.filter(({ body }) => body !== undefined)
}

function refuses({ end }: Outcome): boolean {
  return end === 'silent' || end.startsWith('refused')
}
