/** What a client is told where what it asked for was not done: a stable code, and a message for people. */
import { AskError, codeOf, OverloadError } from 'greenroom'
import { DOUBTS, TROUBLES } from '../troubles.ts'
import type { ChatEvent } from './chat-event.ts'
import { ChatError } from './errors.ts'

const IN_DOUBT = 'nobody knows whether it was said: to say the same again, with the same id, does no harm'
const UNAVAILABLE = 'that cannot be done just now, and may be in a while'

/** @throws what nobody has thought of: the session fails of it. */
export function failureOf(error: unknown, id?: string): ChatEvent {
  const known = codeOf(error)
  const isUnavailable = isOfActors(error)
  const code = isUnavailable ? 'CHAT_UNAVAILABLE' : known
  const isKnown = error instanceof ChatError || error instanceof OverloadError || TROUBLES.includes(known)
  if (!isUnavailable && !isKnown && !isInDoubt(error)) throw error
  const message = isUnavailable ? UNAVAILABLE : isInDoubt(error) ? IN_DOUBT : messageOf(error)
  return { type: 'failed', code, message, ...(id !== undefined && { id }) }
}

export function isInDoubt(error: unknown): boolean {
  return DOUBTS.includes(codeOf(error))
}

/** An actor that was asked has failed or ended, is not there, or has too much to do. */
export function isOfActors(error: unknown): boolean {
  return error instanceof AskError || codeOf(error) === 'ACTOR_FAILED'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
