/** What a right answer is: the same for all servers, and for every way to ask. */

import { HELLO } from './serve.ts'

/** ASCII only: the length counts bytes. */
export interface Right {
  readonly type: string
  readonly body: string
}

export const RIGHT_HELLO: Right = { type: 'text/plain', body: HELLO }

export interface Answer {
  readonly status: number | undefined
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** What is wrong with an answer, each in a few words. */
export function* faultsOf({ status, headers, body }: Answer, right: Right): Generator<string> {
  if (status !== 200) yield `status ${status}`
  if (!headers['content-type']?.toString().startsWith(right.type)) {
    yield `content-type ${headers['content-type']}`
  }
  if (headers['content-length'] !== String(right.body.length)) {
    yield `content-length ${headers['content-length']}`
  }
  if (Number.isNaN(Date.parse(headers.date?.toString() ?? ''))) yield `date ${headers.date}`
  if (body !== right.body) yield `body "${body.slice(0, 100)}", ${body.length} bytes`
}
