/**
 * Records what the controllers of a real stage saw and decided, with real threads, under four times what it can do:
 * `node --import tsx test/actors/stage/controllers/record.ts jobs > test/actors/stage/controllers/recorded/jobs.jsonl`, or `batches`.
 */
import { pool } from '../../../../actors/stage/pool.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import { createSystem } from '../../../../runtime/system/system.ts'
import { onThread } from '../../../../runtime/worker/on-thread.ts'
import { threadJobs } from '../threaded.ts'
import { recordedOptions, type TraceLine } from './trace.ts'

const [what] = process.argv.slice(2)
const system = createSystem()
const { ctx } = system
const lines: TraceLine[] = []
const handler =
  what === 'batches'
    ? pool(onThread(threadJobs, 'workAll'), { ...recordedOptions.pool, takes: 'batches' })
    : pool(onThread(threadJobs, 'work'), recordedOptions.pool)
const stage = openStage<never, unknown>(ctx, {
  handler: handler as never,
  admission: recordedOptions.admission,
  ...(what === 'batches' ? { batch: recordedOptions.batch } : {}),
})
stage.events.on('decided', ({ controller, decision }) => lines.push({ controller, decision }))

const job = (n: number) =>
  (what === 'batches' ? { do: 'echo', value: n } : { do: 'block', ms: 5, value: n }) as never
const perTick = what === 'batches' ? 200 : 8
for (let tick = 0; tick < 400; tick++) {
  // Half a second of quiet in the middle.
  const isQuiet = tick >= 200 && tick < 250
  for (let n = 0; n < perTick && !isQuiet; n++) {
    const answer = stage.submit(ctx, job(n))
    if ('listen' in answer) answer.listen(ignore, ignore)
  }
  await ctx.after(10)
}
await system.stop()
// A batch a line would be megabytes: the first of them are enough.
const kept = lines.filter(({ controller }, n) => controller !== 'batch' || n < 400)
process.stdout.write(kept.map((line) => `${JSON.stringify(line)}\n`).join(''))

function ignore(): void {}
