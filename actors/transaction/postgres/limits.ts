/** The bounds of the PostgreSQL driver: each says what it prevents. */

/** Connections of a thread, where `sessions` is not given: what a small server of PostgreSQL spares for each of some clients. */
export const SESSIONS_DEFAULT = 10

/** PostgreSQL's own default allows 100 connections in all; twice that on one thread is a mistake in most places. */
export const SESSIONS_MAX = 200

/**
 * Statements that stay prepared on one connection. Each holds memory on both sides for as long as the connection lives; one more
 * is sent without a name, which costs it a round trip. A program that meets this makes its statements out of values.
 */
export const PREPARED_MAX = 500

/** Texts whose translation is remembered on one thread. */
export const TEXTS_MAX = 2_000

/** The protocol counts parameters in 16 bits, and the client keeps two of the counts for itself. */
export const PARAMETERS_MAX = 65_533

/** Milliseconds in which a statement that is interrupted must end; then its connection is cut. Below a thread's `stuckMs`. */
export const INTERRUPT_MS = 500

/** Milliseconds in which ROLLBACK must be answered; then the connection is cut, which rolls back as well. */
export const ROLLBACK_MS = 500

/** Milliseconds in which a connection says goodbye; then it is cut. */
export const CLOSE_MS = 1_000

/** Milliseconds that the server lets a transaction sit idle before it ends the connection, where the option is not given. */
export const IDLE_IN_TRANSACTION_MS = 60_000
