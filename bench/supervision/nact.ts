/** nact: actors whose `onCrash` resets them, which keeps their mail. It has no end of a stop to wait for. */

import { dispatch, spawn, start } from 'nact'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { Countdown } from '../spawn/work.ts'
import { WORKERS } from './work.ts'

const system = start()
const handled = new Countdown()

const untraced = new Error('told to crash')
const CRASH = 0
const CRASH_UNTRACED = -1

function work(sum: number, n: number): number {
  if (n === CRASH) throw new Error('told to crash')
  if (n === CRASH_UNTRACED) throw untraced
  if (sum !== 0) throw new RangeError('handled by the old life')
  handled.tick()
  return sum + n
}

const workers = Array.from({ length: WORKERS }, (_, n) =>
  spawn(system, work, `worker-${n}`, { initialState: 0, onCrash: (_message, _error, ctx) => ctx.reset }),
)

const restartEach = (crash: number) => async (): Promise<number> => {
  const allHandled = handled.start(WORKERS)
  for (const worker of workers) {
    dispatch(worker, crash)
    dispatch(worker, 1)
  }
  await allHandled
  return WORKERS
}

await answerMeasures({
  restarts: (seconds) => nsPerOperation(seconds, restartEach(CRASH)),
  'restarts untraced': (seconds) => nsPerOperation(seconds, restartEach(CRASH_UNTRACED)),
})
