/** What a transaction has decided to send and to do, held until it is committed. */
import type { EventObject } from '../../../runtime/mailbox/envelope.ts'
import { misuse } from '../errors.ts'
import { copied } from '../plain-data.ts'

/** Runs on the database thread. A promise is not waited for; if it fails that is logged. */
export type Hook = () => unknown

export interface PublishOptions {
  /** Milliseconds before it is first delivered. Default 0. */
  readonly delayMs?: number
}

/** To whom an event is emitted: the actor of that name, the group of that name, or both. */
export type EmitKind = 'actor' | 'group' | 'all'

/** A message for the outbox. */
export interface Published {
  readonly destination: string
  /** JSON. */
  readonly payload: string
  readonly delayMs: number
}

export interface EffectsLimits {
  readonly outputsMax: number
  readonly messageBytesMax: number
}

/** A point to which effects can be rolled back. */
export type Mark = readonly [
  emits: number,
  published: number,
  before: number,
  commit: number,
  rollback: number,
  unknown: number,
]

/** Items of one event in `emits`. */
export const EMIT_STRIDE = 3

export class Effects {
  private readonly limits: EffectsLimits
  /** Flat, since it crosses: kind, name, event, kind, ... */
  readonly emits: unknown[] = []
  readonly published: Published[] = []
  readonly beforeCommit: (() => unknown)[] = []
  readonly afterCommit: Hook[] = []
  readonly afterRollback: Hook[] = []
  readonly afterUnknown: Hook[] = []

  constructor(limits: EffectsLimits) {
    this.limits = limits
  }

  emit(transaction: string, kind: EmitKind, to: unknown, event: EventObject): void {
    this.checkRoom()
    if (typeof to !== 'string' || to === '') {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `transaction "${transaction}" emits to a name or a group, not to ${shown(to)}`,
      )
    }
    if (typeof event?.type !== 'string') {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `what transaction "${transaction}" emits to "${to}" is no event: it has no type`,
      )
    }
    this.emits.push(kind, to, copied(event, `what transaction "${transaction}" emits`))
  }

  publish(transaction: string, destination: string, payload: unknown, options: PublishOptions): void {
    this.checkRoom()
    const { delayMs = 0, ...rest } = options
    const [unknown] = Object.keys(rest)
    if (unknown !== undefined) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `no option of publish is named "${unknown}"; there is delayMs`,
      )
    }
    if (!(delayMs >= 0 && Number.isFinite(delayMs))) {
      throw misuse(
        'TRANSACTION_OPTION_INVALID',
        `delayMs of a published message is 0 ms or more, not ${String(delayMs)}`,
      )
    }
    const json = toJson(transaction, payload)
    const { messageBytesMax } = this.limits
    if (Buffer.byteLength(json) > messageBytesMax) {
      throw misuse(
        'TRANSACTION_OUTPUT_LIMIT',
        `transaction "${transaction}" publishes a message of ${Buffer.byteLength(json)} bytes; at most ${messageBytesMax} are allowed`,
      )
    }
    this.published.push({ destination, payload: json, delayMs })
  }

  mark(): Mark {
    const { emits, published, beforeCommit, afterCommit, afterRollback, afterUnknown } = this
    return [
      emits.length,
      published.length,
      beforeCommit.length,
      afterCommit.length,
      afterRollback.length,
      afterUnknown.length,
    ]
  }

  rollbackTo([emits, published, before, commit, rollback, unknown]: Mark): void {
    this.emits.length = emits
    this.published.length = published
    this.beforeCommit.length = before
    this.afterCommit.length = commit
    this.afterRollback.length = rollback
    this.afterUnknown.length = unknown
  }

  private checkRoom(): void {
    const { outputsMax } = this.limits
    if (this.emits.length / EMIT_STRIDE + this.published.length < outputsMax) return
    throw misuse(
      'TRANSACTION_OUTPUT_LIMIT',
      `a transaction emits and publishes at most ${outputsMax} messages`,
    )
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`
}

function toJson(transaction: string, payload: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(payload)
  } catch (cause) {
    throw misuse(
      'TRANSACTION_NOT_CLONEABLE',
      `what transaction "${transaction}" publishes is nothing that JSON can hold`,
      { cause },
    )
  }
  if (json !== undefined) return json
  throw misuse(
    'TRANSACTION_NOT_CLONEABLE',
    `transaction "${transaction}" publishes ${typeof payload}, which JSON cannot hold`,
  )
}
