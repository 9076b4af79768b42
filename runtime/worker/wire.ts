/**
 * What crosses between a thread and home, as the items of a batch.
 *
 * A batch is one flat list: an item's kind, then its fields. Structured clone writes the names of an object's fields again
 * for every object, so that a list of objects costs twice as much. What is alike and comes in a row, as questions in one
 * context do and their answers, shares one head. Items stand in the list in the order in which they were said.
 */
import type { WireContext } from '../context/wire.ts'
import type { Batch } from './link.ts'

// From home.
/** `birth`: brings the thread's next actor to life. */
export const SPAWN = 0
/** `number, context, refs`: messages that follow name their context by its number, until it is forgotten. */
export const CONTEXT = 1
/** `number` */
export const FORGET = 2
/** `first id, context's number, whether they may be cancelled, sender, count, ...events`: questions. */
export const ASK = 3
/** The same, of messages that are only told. */
export const TELL = 4
/** `id, error`: nobody waits for that message any more. */
export const CANCEL = 5
/** Its actor is to finish what is in flight, and to end then. */
export const DRAIN = 6
/** Ends the thread's actor and then the thread. */
export const STOP = 7

// From the thread.
/** `names`: it has loaded its module and can spawn actors. It wants the refs that contexts hold under these names. */
export const READY = 8
/** `error`: it cannot. */
export const NOT_READY = 9
/** `first id, count, ...values`: answers to questions. */
export const VALUE = 10
/** `id, error`: its failure. */
export const FAILURE = 11
/** `id, reason`: a message that was only told was handled; with a reason it was not, and is a dead letter, as a question is then. */
export const TAKEN = 12
/** `kind, ids, error or value`: the thread's actor is no more. It had begun with the messages of these ids, and given them back. */
export const DOWN = 13
/** `level, fields, text`: a line of the thread's log. */
export const LOG = 14

// From the thread to actors at home, which have crossed as `CrossedRef`s.
/** `id, ref, context's number, context, event`: a message that is only told. */
export const HOME_TELL = 15
/** The same, of a question. */
export const HOME_ASK = 16
/** The same of a message that is only told and could not be cloned, with its type in its place. */
export const HOME_DEAD = 17
/** `id, error`: nobody on the thread waits for that answer any more. */
export const HOME_CANCEL = 18
/** `ref, reason` */
export const HOME_STOP = 19
/** `ref, how often it was named`: nobody on the thread holds it any more, or it is known there to have ended. */
export const FORGET_REF = 20

// And from home back.
/** `id, value` */
export const HOME_VALUE = 21
/** `id, error` */
export const HOME_FAILURE = 22
/** `id` */
export const HOME_TAKEN = 23
/** `ref, end`: that actor is no more. */
export const HOME_DOWN = 24

/** In place of how often a ref was named: nothing more will be said to it. */
export const ALL_NAMINGS = Number.POSITIVE_INFINITY

/** Fields of an item, its kind apart; of one that holds several things, those of its head. The last of these counts them. */
const FIELDS: readonly number[] = [
  ...[1, 3, 1, 5, 5, 2, 0, 0],
  ...[1, 1, 2, 2, 2, 3, 3],
  ...[5, 5, 5, 2, 2, 2],
  ...[2, 2, 1, 2],
]

/** Where in a batch the item after the one at `at` begins. */
export function nextItem(batch: Batch, at: number): number {
  const kind = batch[at] as number
  const next = at + 1 + (FIELDS[kind] as number)
  return isRun(kind) ? next + (batch[next - 1] as number) : next
}

/** Whether items of a kind hold several things in a row. */
export function isRun(kind: number): boolean {
  return kind === ASK || kind === TELL || kind === VALUE
}

/** An item that holds several things, as so many that hold one. */
export function apart(batch: Batch, at: number): Batch[] {
  const kind = batch[at] as number
  const things = at + 1 + (FIELDS[kind] as number)
  const count = batch[things - 1] as number
  const [first, ...rest] = batch.slice(at + 1, things - 1) as [number, ...unknown[]]
  return Array.from({ length: count }, (_, index) => [
    kind,
    (first + index) | 0,
    ...rest,
    1,
    batch[things + index],
  ])
}

/** Why an actor is no more: the kind of its end, and its error or output. */
export type EndWire = readonly [kind: string, result: unknown]

/** An actor at home: its number there, its path, and its end if it has ended. */
export type CrossedRef = readonly [number: number, path: string, end?: EndWire]

/** The refs that a context holds, by their keys' names. */
export type CrossedRefs = Readonly<Record<string, CrossedRef>>

/** Of an actor on a thread. */
export interface Birth {
  /** Its name among its siblings at home. */
  readonly id: string
  readonly input: unknown
  readonly context: WireContext
  readonly refs: CrossedRefs | undefined
}
