/** The transactions that a thread can run: those of the user's module, and greenroom's own. */
import type { AnyKey } from '../../../runtime/context/key.ts'
import { isDefinition, type TransactionDefinition } from '../definition.ts'
import type { Isolation } from '../driver.ts'
import { misuse } from '../errors.ts'

export type Definition = TransactionDefinition<unknown, unknown>

/** What home has to know of a transaction. */
export interface Listed {
  readonly readOnly: boolean
  readonly isolation: Isolation
}

export class Catalogue {
  private readonly definitions = new Map<string, Definition>()
  private readonly url: string
  /** Portable keys of which the values come along with each transaction: the module's `threadKeys`. */
  readonly keys: readonly AnyKey[]

  /** @param url - of the module, for messages. */
  constructor(
    url: string,
    module: Readonly<Record<string, unknown>>,
    own: Readonly<Record<string, Definition>>,
  ) {
    this.url = url
    for (const [name, value] of Object.entries(module))
      if (isDefinition(value)) this.definitions.set(name, value)
    this.keys = Array.isArray(module.threadKeys) ? (module.threadKeys as readonly AnyKey[]) : []
    for (const [name, definition] of Object.entries(own)) this.definitions.set(name, definition)
  }

  /** @throws UsageError (`TRANSACTION_UNKNOWN_NAME`) */
  get(name: string): Definition {
    const definition = this.definitions.get(name)
    if (definition !== undefined) return definition
    throw unknownName(this.url, name, [...this.definitions.keys()])
  }

  list(): Record<string, Listed> {
    return Object.fromEntries(
      [...this.definitions].map(([name, { readOnly, isolation }]) => [name, { readOnly, isolation }]),
    )
  }
}

export function unknownName(url: string, name: string, known: readonly string[]): Error {
  const shown = known.filter((one) => !one.startsWith('greenroom.'))
  return misuse(
    'TRANSACTION_UNKNOWN_NAME',
    `${url} exports no transaction as "${name}"; it exports ${shown.join(', ') || 'none'}`,
  )
}
