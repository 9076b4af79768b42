/** Assertions that the compiler checks, in files that are compiled and never run. */

/** True if the two types are one, not merely assignable to each other. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles if `Claim` holds: `holds<Same<A, B>>()`. */
export declare function holds<_Claim extends true>(): void
