/** The bounds of a simulation: each turns a test that would hang, or eat the memory, into one that fails and says why. */

/** Turns at one instant. A server does its work for an instant in some tens; more are actors that talk for ever. */
export const TURNS_AT_ONE_INSTANT_MAX = 10_000

/** Simulated milliseconds within which `waitFor` expects a result, by default: an hour. Longer than any ordinary timeout. */
export const WAIT_MS_DEFAULT = 3_600_000

/** Lines of a trace. What comes after is not recorded; that it is missing is the last line. */
export const TRACE_LINES_MAX = 100_000

/** Things of one kind that a leak check names; of the others it gives the number. */
export const LEAKS_NAMED_MAX = 20
