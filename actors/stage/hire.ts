/** Who does the jobs of a stage: as its config says. */
import type { Context } from '../../runtime/context/context.ts'
import type { Host } from '../../runtime/system/logic.ts'
import { BatchHandler } from './batched.ts'
import { HomeBatches } from './home-batches.ts'
import { HomeJobs } from './home-jobs.ts'
import { MemberPool } from './member-pool.ts'
import type { StagePlan } from './plan.ts'
import { Pool } from './pool.ts'
import type { Desk, Workers } from './workers.ts'

export function hire(desk: Desk, host: Host, plan: StagePlan): Workers {
  const { handler, limits, batch } = plan
  if (handler instanceof Pool) return new MemberPool(desk, host, handler, plan)
  if (handler instanceof BatchHandler) return new HomeBatches(desk, handler, limits.concurrency, batch)
  return new HomeJobs(desk, handler as (job: unknown, ctx: Context) => unknown, limits.concurrency)
}
