export type { Clock, ClockOptions, Timer } from './clock.ts'
export type { ManualClock, ManualClockOptions } from './manual-clock.ts'
export { createManualClock } from './manual-clock.ts'
export { createClock } from './node-clock.ts'
