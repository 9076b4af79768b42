export { query, transaction } from './definition.ts'
export { DatabaseError, TransactionError, TransactionRefusedError } from './errors.ts'
export { Database } from './interface.ts'
export { defaultDatabaseLimits } from './limits.ts'
export { openDatabase } from './open-database.ts'
export { UndeliverableError, undeliverable } from './outbox/destination.ts'
export { forgetReceived, once } from './outbox/inbox.ts'
export { defaultRelayLimits } from './outbox/relay-limits.ts'
export { toActor } from './outbox/to-actor.ts'
export { HttpDeliveryError, toHttp } from './outbox/to-http.ts'
export { Step } from './step.ts'
export { Tx } from './thread/tx.ts'
export { Transaction } from './transaction.ts'

// Types.

export type { DatabaseCache, HomeCacheStatistics, ReadOptions } from './cache/cache.ts'
export type {
  InputOf,
  ResultOf,
  TransactionBody,
  TransactionDefinition,
  TransactionName,
  TransactionOptions,
} from './definition.ts'
export type { Access, Dialect, DriverPlan, Isolation } from './driver.ts'
export type { DatabaseErrorCode, MisuseCode, RefusalCode, TransactionErrorCode } from './errors.ts'
export type {
  DatabaseConfig,
  DatabaseEvent,
  DatabaseStatistics,
  Hooks,
  TransactArgs,
  TransactOptions,
} from './interface.ts'
export type { DatabaseLimits } from './limits.ts'
export type { Delivery, Destination } from './outbox/destination.ts'
export type { Received } from './outbox/inbox.ts'
export type { RelayLimits } from './outbox/relay-limits.ts'
export type { RelayStatistics } from './outbox/relay-report.ts'
export type { MessageEvent, ToActorOptions } from './outbox/to-actor.ts'
export type { ToHttpOptions } from './outbox/to-http.ts'
export type { Committed, RolledBack, TransactionOutcome, Unknown } from './outcome.ts'
export type { TransactionState } from './states.ts'
export type { Changes, Parameter, Steps } from './step.ts'
export type { Hook, PublishOptions } from './thread/effects.ts'
