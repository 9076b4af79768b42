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

test.serial('a job that throws harms no other, and its error is an unhandled rejection', async (t) => {
  const calls: string[] = []
  const rejections: unknown[] = []
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => rejections.push(error))
  t.teardown(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })
  const boom = new Error('boom')
  enqueueJob({
    run() {
      throw boom
    },
  })
  enqueueJob({ run: () => void calls.push('next') })
  await microtasksDone()
  enqueueJob({ run: () => void calls.push('later') })
  await microtasksDone()
  t.deepEqual(calls, ['next', 'later'])
  t.deepEqual(rejections, [boom])
})
