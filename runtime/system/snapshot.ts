/**
 * A system's tree, looked at: for tests, inspectors and people. Plain data that can be sent and printed; it costs a walk
 * over the tree when it is taken, and nothing at all before.
 */
import { UsageError } from '../errors.ts'
import type { Cell } from './cell.ts'
import type { Phase } from './standing.ts'

export interface MailSnapshot {
  /** Envelopes that wait, in all lanes. */
  readonly depth: number
  readonly capacity: number
  /** Messages that the actor has set aside for another state. */
  readonly postponed: number
  /**
   * Milliseconds that the oldest has waited, since the end of the turn in which it came; 0 for mail of this turn,
   * undefined where none waits.
   */
  readonly oldestMs: number | undefined
}

export interface ActorSnapshot {
  readonly path: string
  /** Its name among its siblings. */
  readonly name: string
  /** How far below the top: 1 for an actor that the system spawned. */
  readonly depth: number
  /** What its logic is called. */
  readonly logic: string
  readonly phase: Phase
  /** The name of a behaviour's state, the value of a machine's, what a generator waits for; undefined while it is down. */
  readonly state: unknown
  readonly mail: MailSnapshot
  /** Starts after the first. */
  readonly restarts: number
}

export interface SystemSnapshot {
  /** The system's name: the first part of every path. */
  readonly name: string
  /** The instant at which it was taken, on the system's clock. */
  readonly atMs: number
  /** Parents before their children, the older before the younger. */
  readonly actors: readonly ActorSnapshot[]
  /** So many more actors live than were looked at. */
  readonly omitted: number
}

export interface SnapshotOptions {
  /** Actors to look at, from the top on. Default 10,000. The rest is counted, as `omitted`. */
  readonly actorsMax?: number
}

const ACTORS_MAX = 10_000

/** @internal @throws UsageError (`SNAPSHOT_INVALID`) */
export function snapshotOf(root: Cell, atMs: number, options: SnapshotOptions = {}): SystemSnapshot {
  const { actorsMax = ACTORS_MAX } = options
  if (!(actorsMax >= 0)) {
    throw new UsageError('SNAPSHOT_INVALID', `actorsMax is 0 or more, not ${String(actorsMax)}`)
  }
  const actors: ActorSnapshot[] = []
  let omitted = 0
  for (const cell of root.family()) {
    if (cell === root) continue
    if (actors.length < actorsMax) actors.push(actorOf(cell, root.path, atMs))
    else omitted += 1
  }
  return { name: root.id, atMs, actors, omitted }
}

function actorOf(cell: Cell, top: string, atMs: number): ActorSnapshot {
  const { path, id, phase, logicName, restartsTotal, postponed, mail } = cell
  const { size, capacity, oldestSinceMs } = mail
  const oldestMs = size === 0 ? undefined : oldestSinceMs === undefined ? 0 : atMs - oldestSinceMs
  return {
    path,
    name: id,
    depth: path.slice(top.length).split('/').length - 1,
    logic: logicName,
    phase,
    state: cell.value,
    mail: { depth: size, capacity, postponed, oldestMs },
    restarts: restartsTotal,
  }
}

/** The tree as text, a line an actor, for people. */
export function formatTree(snapshot: SystemSnapshot): string {
  const { name, actors, omitted } = snapshot
  const lines = [name]
  const isLast = lastOnes(actors)
  const bars: boolean[] = []
  for (const [index, actor] of actors.entries()) {
    bars.length = actor.depth - 1
    const indent = bars.map((goesOn) => (goesOn ? '│   ' : '    ')).join('')
    lines.push(`${indent}${isLast[index] ? '└── ' : '├── '}${lineOf(actor)}`)
    bars.push(!isLast[index])
  }
  if (omitted > 0) lines.push(`and ${omitted} more`)
  return lines.join('\n')
}

/** Which actors have no younger sibling. */
function lastOnes(actors: readonly ActorSnapshot[]): readonly boolean[] {
  const last: boolean[] = []
  /** At which depths one has been seen, below the parent that is being looked at from behind. */
  const seen: boolean[] = []
  for (let index = actors.length - 1; index >= 0; index--) {
    const { depth } = actors[index] as ActorSnapshot
    last[index] = seen[depth] !== true
    seen.length = depth
    seen[depth] = true
  }
  return last
}

function lineOf({ name, phase, state, mail, restarts }: ActorSnapshot): string {
  const facts = [phase === 'running' ? stateText(state) : phase]
  if (mail.depth > 0) facts.push(`${mail.depth} of ${mail.capacity} in its mailbox`)
  if (mail.oldestMs !== undefined && mail.oldestMs > 0)
    facts.push(`the oldest for ${Math.round(mail.oldestMs)} ms`)
  if (mail.postponed > 0) facts.push(`${mail.postponed} postponed`)
  if (restarts > 0) facts.push(restarts === 1 ? '1 restart' : `${restarts} restarts`)
  return `${name}: ${facts.join(', ')}`
}

function stateText(state: unknown): string {
  return typeof state === 'string' ? state : (JSON.stringify(state) ?? 'running')
}
