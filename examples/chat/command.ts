/** What a client of the chat can ask for, in JSON: one object for each message. Lines lead to the same: see lines.ts. */
import { z } from 'zod'
import { ChatError } from './errors.ts'

/** Longer than anything that may be in it: what exactly that is, is said where it is used. */
const text = z.string().max(10_000)
const place = z.int().min(0)
const room = text

const command = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('nick'), nick: text, token: text.optional() }),
  z.strictObject({ type: z.literal('join'), room, after: place.optional() }),
  z.strictObject({ type: z.literal('leave'), room }),
  z.strictObject({ type: z.literal('say'), room, text, id: text.optional() }),
  z.strictObject({ type: z.literal('tell'), to: text, text }),
  z.strictObject({ type: z.literal('who'), room }),
  z.strictObject({
    type: z.literal('history'),
    room,
    before: place.optional(),
    count: z.int().min(1).max(100).optional(),
  }),
  z.strictObject({ type: z.literal('rooms') }),
  z.strictObject({ type: z.literal('help') }),
  z.strictObject({ type: z.literal('quit') }),
])

/** Without a room it is meant for the one that was joined last, where its protocol lets people leave it out. */
export type Command = RoomOptional<z.infer<typeof command>>
type RoomOptional<C> = C extends { room: string } ? Omit<C, 'room'> & { readonly room?: string } : C

/** What a message asks for: nothing, where it is empty. @throws ChatError where it asks for nothing that there is. */
export type Parse = (message: string) => Command | undefined

export const parseJson: Parse = (message) => {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    throw new ChatError('COMMAND_INVALID', 'a message is a JSON object')
  }
  const { data, error } = command.safeParse(value)
  if (data !== undefined) return data
  const issues = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  )
  throw new ChatError('COMMAND_INVALID', issues.join('; ').slice(0, TOLD_MAX))
}

/** Characters of what is wrong: the names in it are the client's own. */
const TOLD_MAX = 500
