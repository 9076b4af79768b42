/** Runs one operation on a genuine object and on ours, and compares what it gives or how it fails. */
import { types } from 'node:util'
import type { ExecutionContext } from 'ava'
import { http } from 'greenroom/actors'

/** The platform's own, from before they were replaced: this module is what replaces them. */
export const Genuine = { Request, Response, fetch } as const

http({ fetch: () => new Response() })

/** What an operation gave, in terms that can be compared, or the class of what it threw. */
export async function outcome(operation: () => unknown): Promise<unknown> {
  try {
    return { gave: await comparable(await operation()) }
  } catch (error) {
    return { threw: (error as Error).name }
  }
}

export async function sameOutcome(
  t: ExecutionContext,
  title: string,
  genuine: () => unknown,
  ours: () => unknown,
): Promise<void> {
  t.deepEqual(await outcome(ours), await outcome(genuine), title)
}

async function comparable(value: unknown): Promise<unknown> {
  if (value instanceof Headers) return [...value]
  if (value instanceof FormData)
    return Promise.all(Array.from(value, async ([name, part]) => [name, await comparable(part)]))
  if (value instanceof Blob)
    return [value.constructor.name, value.type, Buffer.from(await value.arrayBuffer()).toString('latin1')]
  if (types.isUint8Array(value)) return [value.constructor.name, Buffer.from(value).toString('latin1')]
  if (value instanceof ArrayBuffer) return ['ArrayBuffer', Buffer.from(value).toString('latin1')]
  if (value instanceof Genuine.Response || value instanceof Genuine.Request) return value.constructor.name
  if (value instanceof ReadableStream) return ['ReadableStream', value.locked]
  if (Array.isArray(value)) return Promise.all(value.map(comparable))
  return value
}

/** All of a stream, as chunks. */
export async function chunksOf(stream: ReadableStream | null): Promise<string[] | null> {
  if (stream === null) return null
  const chunks: string[] = []
  for await (const chunk of stream)
    chunks.push(
      `${(chunk as object).constructor.name} ${Buffer.from(chunk as Uint8Array).toString('latin1')}`,
    )
  return chunks
}
