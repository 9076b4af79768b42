/** How an actor is kept: options of `spawn`, checked when given. */
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { Overflow } from '../mailbox/mailbox.ts'
import { Priorities } from '../mailbox/priorities.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'
import type { ActorName } from './names.ts'
import type { Backoff, RestartBounds } from './restarts.ts'

/** After which end an actor is started again: any, a failure alone, or none (OTP's names). */
export type Restart = 'permanent' | 'transient' | 'temporary'

/**
 * Where the next life of a machine begins: at its initial state, or where the last one was before it failed. xstate does
 * not arm the `after` delays of that state again.
 */
export type RestartFrom = 'start' | 'snapshot'

export interface MailboxOptions {
  /** Envelopes that may wait. Default: the system's `mailboxCapacity`. */
  readonly capacity?: number
  /** What happens to one too many. Default `refuse`. */
  readonly overflow?: Overflow
  /**
   * Lists of event types, the most urgent first, at most 8; what is in none of them comes last. Mail of a more urgent
   * list is handled first, but a message never overtakes an earlier one of its own sender. Default: none.
   */
  readonly priorities?: readonly (readonly string[])[]
}

export interface BackoffOptions {
  /** Milliseconds before the first restart. Default 100. Each restart in a row waits twice as long as the one before. */
  readonly minMs?: number
  /** Milliseconds that a restart waits at most, jitter apart. Default 10,000. */
  readonly maxMs?: number
  /** Up to this fraction of the delay is added to it, at random. From 0 to 1; default 0.2. */
  readonly jitter?: number
  /** Milliseconds that it has to run without a failure for the next delay to be `minMs` again. Default: `maxMs`. */
  readonly quietMs?: number
}

/** How often may something be restarted, and how soon. */
export interface RestartPace {
  /** Restarts allowed within `periodMs`. Default: the system's `restartIntensity`, 1; with a `backoff`, Infinity. */
  readonly intensity?: number
  /** Milliseconds. Default: the system's `restartPeriodMs`, 5,000. */
  readonly periodMs?: number
  /** Makes restarts wait. Default: the first attempt is made at once, the next ones each in a step of its own. */
  readonly backoff?: BackoffOptions
}

export interface RestartOptions extends RestartPace {
  /** Default `temporary`: it is not restarted. */
  readonly policy: Restart
  /** Of machines. Default `start`. */
  readonly from?: RestartFrom
}

/** `N`: what may be sent to the name that it is given. */
export interface SpawnOptions<N extends EventObject = never> {
  /** Its name among its siblings, unique while it lives. Default: a number. No slash. */
  readonly name?: string
  /** A name in the system's registry, which it has while it lives. @throws NameTakenError from `spawn` if it is taken. */
  readonly as?: ActorName<N>
  readonly mailbox?: MailboxOptions
  readonly restart?: Restart | RestartOptions
  /**
   * Milliseconds that it is given to finish what is in flight, when its parent ends or a supervisor stops it; then it is
   * ended. Default 0: it is ended at once. Infinity: as long as the system lets it. Who calls `stop` does not wait.
   */
  readonly shutdownMs?: number
  /** Of machines: a persisted snapshot that its first life begins from. */
  readonly snapshot?: unknown
}

/** The options with every default filled in. One object serves all actors that were spawned without options. */
export interface ActorSettings extends RestartBounds {
  readonly capacity: number
  readonly overflow: Overflow
  readonly priorities: Priorities | undefined
  readonly policy: Restart
  readonly restartFrom: RestartFrom
  readonly shutdownMs: number
  readonly snapshot: unknown
}

const POLICIES: readonly Restart[] = ['permanent', 'transient', 'temporary']
const ORIGINS: readonly RestartFrom[] = ['start', 'snapshot']
const OVERFLOWS: readonly Overflow[] = ['refuse', 'drop-newest', 'drop-oldest']

export function defaultSettings(limits: Limits): ActorSettings {
  return {
    capacity: limits.mailboxCapacity,
    overflow: 'refuse',
    priorities: undefined,
    policy: 'temporary',
    restartFrom: 'start',
    intensity: limits.restartIntensity,
    periodMs: limits.restartPeriodMs,
    backoff: undefined,
    shutdownMs: 0,
    snapshot: undefined,
  }
}

const OPTIONS: readonly string[] = ['name', 'as', 'mailbox', 'restart', 'shutdownMs', 'snapshot', 'input']
const MAILBOX_OPTIONS: readonly string[] = ['capacity', 'overflow', 'priorities']
const RESTART_OPTIONS: readonly string[] = ['policy', 'intensity', 'periodMs', 'backoff', 'from']
const BACKOFF_OPTIONS: readonly string[] = ['minMs', 'maxMs', 'jitter', 'quietMs']

/** @throws UsageError (`SPAWN_OPTION_INVALID`) naming the option, the value and what it may be. */
export function resolveSettings(options: SpawnOptions, defaults: ActorSettings): ActorSettings {
  const { mailbox, name, restart: kept, shutdownMs, snapshot } = options
  known('', options, OPTIONS)
  known('mailbox.', mailbox, MAILBOX_OPTIONS)
  known('restart.', kept, RESTART_OPTIONS)
  if (name !== undefined && (name === '' || name.includes('/'))) invalid('name', name, 'a text without "/"')
  const isUsual =
    mailbox === undefined && kept === undefined && shutdownMs === undefined && snapshot === undefined
  if (isUsual) return defaults
  const restart = typeof kept === 'string' ? { policy: kept } : kept
  return {
    capacity: whole('mailbox.capacity', mailbox?.capacity ?? defaults.capacity, 1),
    overflow: oneOf('mailbox.overflow', mailbox?.overflow ?? defaults.overflow, OVERFLOWS),
    priorities: mailbox?.priorities === undefined ? undefined : Priorities.of(mailbox.priorities),
    policy: oneOf('restart', restart?.policy ?? defaults.policy, POLICIES),
    restartFrom: oneOf('restart.from', restart?.from ?? defaults.restartFrom, ORIGINS),
    ...resolvePace('restart.', restart ?? {}, defaults),
    shutdownMs: time('shutdownMs', shutdownMs ?? defaults.shutdownMs),
    snapshot,
  }
}

/**
 * What is no xstate logic has no snapshot: an option that asks for one would be read and ignored.
 *
 * @throws UsageError (`SPAWN_OPTION_INVALID`)
 */
export function checkSnapshots({ snapshot, restartFrom }: ActorSettings): void {
  if (snapshot !== undefined) invalid('snapshot', 'given', 'left out, but for xstate logic')
  if (restartFrom === 'snapshot') invalid('restart.from', restartFrom, 'start, but for xstate logic')
}

/** @throws UsageError (`SPAWN_OPTION_INVALID`); `prefix` is what the options are called in its message. */
export function resolvePace(prefix: string, pace: RestartPace, defaults: RestartBounds): RestartBounds {
  const backoff = pace.backoff === undefined ? defaults.backoff : resolveBackoff(prefix, pace.backoff)
  const usual = pace.backoff === undefined ? defaults.intensity : Number.POSITIVE_INFINITY
  const intensity = pace.intensity ?? usual
  return {
    intensity: intensity === Number.POSITIVE_INFINITY ? intensity : whole(`${prefix}intensity`, intensity, 0),
    periodMs: whole(`${prefix}periodMs`, pace.periodMs ?? defaults.periodMs, 1),
    backoff,
  }
}

function resolveBackoff(prefix: string, options: BackoffOptions): Backoff {
  known(`${prefix}backoff.`, options, BACKOFF_OPTIONS)
  const { minMs = 100, maxMs = Math.max(10_000, minMs), jitter = 0.2, quietMs = maxMs } = options
  if (!(jitter >= 0 && jitter <= 1)) invalid(`${prefix}backoff.jitter`, jitter, 'a number from 0 to 1')
  finite(`${prefix}backoff.minMs`, minMs)
  // Jitter may double it, and a timer has to take the sum.
  if (!(maxMs >= minMs && maxMs <= BACKOFF_MS_MAX)) {
    invalid(`${prefix}backoff.maxMs`, maxMs, `from minMs (${minMs}) to ${BACKOFF_MS_MAX} ms`)
  }
  finite(`${prefix}backoff.quietMs`, quietMs)
  return { minMs, maxMs, jitter, quietMs }
}

/** A day. */
const BACKOFF_MS_MAX = 86_400_000

function finite(name: string, ms: number): number {
  return ms >= 0 && ms <= DELAY_MS_MAX ? ms : invalid(name, ms, `from 0 to ${DELAY_MS_MAX} ms`)
}

/** Milliseconds, or Infinity. */
function time(name: string, ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? ms : finite(name, ms)
}

/** A name that nobody reads is a mistake: it would be taken for a bound that holds. */
export function known(prefix: string, options: object | string | undefined, names: readonly string[]): void {
  if (typeof options !== 'object') return
  for (const name in options) {
    if (!names.includes(name)) {
      throw new UsageError(
        'SPAWN_OPTION_INVALID',
        `no spawn option is named ${prefix}${name}; there are ${names.join(', ')}`,
      )
    }
  }
}

export function whole(name: string, value: number, least: number): number {
  return Number.isInteger(value) && value >= least
    ? value
    : invalid(name, value, `a whole number from ${least}`)
}

export function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  return choices.includes(value) ? value : invalid(name, value, choices.join(', '))
}

function invalid(name: string, value: unknown, allowed: string): never {
  throw new UsageError(
    'SPAWN_OPTION_INVALID',
    `spawn option ${name} must be ${allowed}, not ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
  )
}
