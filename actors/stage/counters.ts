/** What has become of a stage's jobs since the start. submitted = the other four + those that are not settled. */
export class Counters {
  submitted = 0
  completed = 0
  failed = 0
  refused = 0
  expired = 0
}

/** What becomes of a job that was taken. */
export type Fate = 'completed' | 'failed' | 'expired'
