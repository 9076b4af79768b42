/** How an actor is kept: options of `spawn`, checked when given. */
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Overflow } from '../mailbox/mailbox.ts'

/** After which end an actor is started again: any, a failure alone, or none (OTP's names). */
export type Restart = 'permanent' | 'transient' | 'temporary'

export interface MailboxOptions {
  /** Envelopes that may wait. Default: the system's `mailboxCapacity`. */
  readonly capacity?: number
  /** What happens to one too many. Default `refuse`. */
  readonly overflow?: Overflow
}

export interface RestartOptions {
  /** Default `temporary`: it is not restarted. */
  readonly policy: Restart
  /** Restarts allowed within `periodMs`. Default: the system's `restartIntensity`, 1. */
  readonly intensity?: number
  /** Default: the system's `restartPeriodMs`, 5,000. */
  readonly periodMs?: number
}

export interface SpawnOptions {
  /** Its name among its siblings, unique while it lives. Default: a number. No slash. */
  readonly name?: string
  readonly mailbox?: MailboxOptions
  readonly restart?: Restart | RestartOptions
}

/** The options with every default filled in. One object serves all actors that were spawned without options. */
export interface ActorSettings {
  readonly capacity: number
  readonly overflow: Overflow
  readonly policy: Restart
  readonly intensity: number
  readonly periodMs: number
}

const POLICIES: readonly Restart[] = ['permanent', 'transient', 'temporary']
const OVERFLOWS: readonly Overflow[] = ['refuse', 'drop-newest', 'drop-oldest']

export function defaultSettings(limits: Limits): ActorSettings {
  return {
    capacity: limits.mailboxCapacity,
    overflow: 'refuse',
    policy: 'temporary',
    intensity: limits.restartIntensity,
    periodMs: limits.restartPeriodMs,
  }
}

const OPTIONS: readonly string[] = ['name', 'mailbox', 'restart', 'input']
const MAILBOX_OPTIONS: readonly string[] = ['capacity', 'overflow']
const RESTART_OPTIONS: readonly string[] = ['policy', 'intensity', 'periodMs']

/** @throws UsageError (`SPAWN_OPTION_INVALID`) naming the option, the value and what it may be. */
export function resolveSettings(options: SpawnOptions, defaults: ActorSettings): ActorSettings {
  const { mailbox, name } = options
  known('', options, OPTIONS)
  known('mailbox.', mailbox, MAILBOX_OPTIONS)
  known('restart.', options.restart, RESTART_OPTIONS)
  if (name !== undefined && (name === '' || name.includes('/'))) invalid('name', name, 'a text without "/"')
  if (mailbox === undefined && options.restart === undefined) return defaults
  const restart = typeof options.restart === 'string' ? { policy: options.restart } : options.restart
  return {
    capacity: whole('mailbox.capacity', mailbox?.capacity ?? defaults.capacity, 1),
    overflow: oneOf('mailbox.overflow', mailbox?.overflow ?? defaults.overflow, OVERFLOWS),
    policy: oneOf('restart', restart?.policy ?? defaults.policy, POLICIES),
    intensity: whole('restart.intensity', restart?.intensity ?? defaults.intensity, 0),
    periodMs: whole('restart.periodMs', restart?.periodMs ?? defaults.periodMs, 1),
  }
}

/** A name that nobody reads is a mistake: it would be taken for a bound that holds. */
function known(prefix: string, options: object | string | undefined, names: readonly string[]): void {
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

function whole(name: string, value: number, least: number): number {
  return Number.isInteger(value) && value >= least
    ? value
    : invalid(name, value, `a whole number from ${least}`)
}

function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  return choices.includes(value) ? value : invalid(name, value, choices.join(', '))
}

function invalid(name: string, value: unknown, allowed: string): never {
  throw new UsageError(
    'SPAWN_OPTION_INVALID',
    `spawn option ${name} must be ${allowed}, not ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
  )
}
