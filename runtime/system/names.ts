/**
 * What actors are found by: names, of which one actor at a time has each, and groups of any number.
 *
 * Both are typed by the events that may be sent there. Their identity is their text: a name may be declared in two
 * places, or made from what a peer sent (`room:${id}`), and is one name all the same. So it is for the program to see
 * to it that one text stands for one type; declare each in one place, beside the events.
 */
import { UsageError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'

/** The name of one actor that understands `E`. Made by `actorName`. */
export class ActorName<in out E extends EventObject> {
  readonly text: string
  /** Makes the type invariant in `E`; never there at run time. */
  declare protected readonly named: (event: E) => E

  constructor(text: string) {
    this.text = checked(text, 'the name of an actor')
  }
}

/** A group of actors that all understand `E`. Made by `actorGroup`. */
export class ActorGroup<in out E extends EventObject> {
  readonly text: string
  /** Makes the type invariant in `E`; never there at run time. */
  declare protected readonly grouped: (event: E) => E

  constructor(text: string) {
    this.text = checked(text, 'a group of actors')
  }
}

/** Declares a name: `const Lobby = actorName<LobbyEvent>('lobby')`. @throws UsageError (`NAME_INVALID`) for an empty text. */
export function actorName<E extends EventObject>(text: string): ActorName<E> {
  return new ActorName<E>(text)
}

/** Declares a group: `const Lines = actorGroup<LineEvent>('lines')`. @throws UsageError (`NAME_INVALID`) for an empty text. */
export function actorGroup<E extends EventObject>(text: string): ActorGroup<E> {
  return new ActorGroup<E>(text)
}

function checked(text: string, what: string): string {
  if (text === '') throw new UsageError('NAME_INVALID', `${what} is a text of one character or more, not ""`)
  return text
}
