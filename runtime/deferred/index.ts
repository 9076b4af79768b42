export { all, race } from './combinators.ts'
export { Deferred } from './deferred.ts'
export type { FailureWatch } from './failure-watch.ts'
