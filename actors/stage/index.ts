export { BatchHandler, batched } from './batched.ts'
export { StageEvents } from './events.ts'
export { defaultStageLimits } from './limits.ts'
export { batches, jobs } from './member-logic.ts'
export { Flow, fanOut, flowOf } from './pipeline/flow.ts'
export { Pool, pool } from './pool.ts'
export { isRefused, Refused, StageRefusedError } from './refused.ts'
export { openStage } from './stage.ts'

// Types.

export type { AdmissionOptions, ClassOptions } from './controllers/admission-options.ts'
export type { BatchOptions } from './controllers/batch-options.ts'
export type { PoolOptions } from './controllers/pool-options.ts'
export type {
  Decided,
  JobSettled,
  JobsRefused,
  MemberEvent,
  MemberLost,
  StageEventMap,
} from './events.ts'
export type {
  Reply,
  Reservation,
  Stage,
  StageConfig,
  StageEvent,
  StageHandler,
  StageOrder,
  StageStatistics,
  SubmitOptions,
} from './interface.ts'
export type { StageLimits } from './limits.ts'
export type { BatchEvent, JobEvent, MemberOptions } from './member-logic.ts'
export type { Outcome, StageJob } from './outcome.ts'
export type { FlowPart, Lanes } from './pipeline/flow.ts'
export type { JoinOptions, RunOptions } from './pipeline/limits.ts'
export type { FlowRun } from './pipeline/run.ts'
export type { FlowStage, FlowStatistics } from './pipeline/section.ts'
export type { PoolConfig, Takes } from './pool.ts'
export type { RefusedReason } from './refused.ts'
