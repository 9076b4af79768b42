/** How the package `postgres` is found, and told what this driver wants of it. */
import type postgres from 'postgres'
import { codeOf, describe } from '../../../runtime/errors.ts'
import type { DriverSettings } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import type { MakeClient } from './connection.ts'
import { IDLE_IN_TRANSACTION_MS } from './limits.ts'
import type { PostgresOptions } from './options.ts'
import { types } from './values.ts'

export type Package = typeof postgres

/**
 * It is a peer that only users of PostgreSQL install.
 *
 * @throws DatabaseError (`DATABASE_CANNOT_OPEN`)
 */
export async function loadPackage(
  load: () => Promise<{ default: Package }> = importPackage,
): Promise<Package> {
  try {
    return (await load()).default
  } catch (cause) {
    const what =
      codeOf(cause) === 'ERR_MODULE_NOT_FOUND'
        ? 'it needs the package "postgres": npm install postgres'
        : `the package "postgres" cannot be loaded: ${describe(cause)}`
    throw new DatabaseError('DATABASE_CANNOT_OPEN', `PostgreSQL cannot be used: ${what}`, { cause })
  }
}

function importPackage(): Promise<{ default: Package }> {
  return import('postgres')
}

export function clientMaker(client: Package, options: PostgresOptions, settings: DriverSettings): MakeClient {
  const { url, host, port, database, username, password, ssl, applicationName = 'greenroom' } = options
  const { idleInTransactionMs = IDLE_IN_TRANSACTION_MS } = options
  const where = withoutUndefined({ host, port, database, username, password, ssl })
  const connection: Partial<postgres.ConnectionParameters> = {
    application_name: applicationName,
    statement_timeout: settings.statementTimeoutMs,
    lock_timeout: settings.busyTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    // What is sent behind a BEGIN that fails must not be committed by itself. BEGIN says which it is.
    default_transaction_read_only: 'on' as unknown as boolean,
    // Values are read, and statements are translated, as these have it by default: a server may have been told otherwise.
    DateStyle: 'ISO, YMD',
    bytea_output: 'hex',
    standard_conforming_strings: 'on',
  }
  return (socket, onclose) => {
    const all = {
      ...where,
      socket,
      onclose,
      connection,
      types,
      max: 1,
      // It would ask the server for its arrays before the first statement of each connection.
      fetch_types: false,
      // Time is the clock's: no timer of the client's runs.
      connect_timeout: 0,
      idle_timeout: 0,
      max_lifetime: null,
      onnotice: () => undefined,
    } as postgres.Options<Record<string, postgres.PostgresType>>
    return url === undefined ? client(all) : client(url, all)
  }
}

function withoutUndefined(all: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
