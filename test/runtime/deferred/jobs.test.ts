/** Law: jobs run once each, in order, after the current JavaScript and before any macrotask; none harms another. */
import test from 'ava'
import { enqueueJob } from '../../../runtime/deferred/jobs.ts'
import { microtasksDone } from './support.ts'

test.serial('jobs run in the order of enqueueing, those that jobs enqueue behind the others', async (t) => {
  const calls: string[] = []
  const job = (name: string, next?: string) => ({
    run() {
      calls.push(name)
      if (next !== undefined) enqueueJob(job(next))
    },
  })
  enqueueJob(job('a', 'c'))
  enqueueJob(job('b', 'd'))
  t.deepEqual(calls, [])
  await microtasksDone()
  t.deepEqual(calls, ['a', 'b', 'c', 'd'])
})

test.serial('the queue has the place of its first job among native microtasks', async (t) => {
  const calls: string[] = []
  queueMicrotask(() => calls.push('native before'))
  enqueueJob({ run: () => calls.push('job') })
  queueMicrotask(() => calls.push('native after'))
  await microtasksDone()
  t.deepEqual(calls, ['native before', 'job', 'native after'])
})
