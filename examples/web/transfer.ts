/** A transfer, as a client asks for it and as it stands in the books; and what is wrong with one that is none. */
import { z } from 'zod'

/** It may stand in a path as it is, which "." and ".." may not. */
export const ID = /^(?!\.{1,2}$)[\w.:-]{1,64}$/
const AMOUNT_MAX = 1_000_000_000

const id = z.string().regex(ID, 'is 1 to 64 letters, digits, and any of _ . : -')

const request = z
  .strictObject({ id, from: id, to: id, amount: z.int().min(1).max(AMOUNT_MAX) })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'is the account that pays' })

/** `id` is the client's own: the same one asked for again is the same transfer. */
export type TransferRequest = z.infer<typeof request>

export interface Transfer extends TransferRequest {
  /** When it was taken: milliseconds since 1970. */
  readonly atMs: number
}

/** What is wrong, and where: `amount`, or an empty path for the whole. */
export interface Issue {
  readonly path: string
  readonly message: string
}

export function parseTransfer(value: unknown): TransferRequest | readonly Issue[] {
  const { data, error } = request.safeParse(value)
  return data ?? error!.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
}
