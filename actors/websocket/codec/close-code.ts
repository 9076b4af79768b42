/**
 * Which close codes may be in a close frame (RFC 6455 section 7.4 and the registry that IANA keeps for it).
 *
 * Rules: a code that nobody has defined is refused in both directions, since a peer would close with 1002 for it.
 */

/** The peer's close frame had no code. Never on the wire (section 7.4.1). */
export const NO_STATUS = 1005

/** The last code below 3000 that is registered and may be sent: 1015 is never on the wire, and 1016 to 2999 are reserved. */
const REGISTERED_MAX = 1014

/** 1004 was never defined; 1005 and 1006 are for programs, and never on the wire. */
const NEVER_SENT_MIN = 1004
const NEVER_SENT_MAX = 1006

/** 3000 to 3999 are registered by libraries, 4000 to 4999 are an application's own (section 7.4.2). */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= REGISTERED_MAX && (code < NEVER_SENT_MIN || code > NEVER_SENT_MAX)
}
