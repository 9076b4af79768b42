/** What the calling thread alone has spent: `process.cpuUsage` has all threads in it. */
import { readFileSync } from 'node:fs'

interface ThreadUsage {
  readonly user: number
  readonly system: number
}

/** Of Node from 22.19 and 23.9 on. */
const usage = (process as { threadCpuUsage?(): ThreadUsage }).threadCpuUsage?.bind(process)

/**
 * Microseconds of processor time. Linux tells it of each thread; where neither Node nor the system does, what is told is for how
 * long the event loop was not idle, which is more on a machine with other things to do.
 */
export function threadCpuUs(): number {
  if (usage !== undefined) {
    const { user, system } = usage()
    return user + system
  }
  try {
    const [ns = 0] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ').map(Number)
    if (ns > 0) return ns / 1e3
  } catch {
    // No Linux, or one that does not count it.
  }
  return performance.eventLoopUtilization().active * 1e3
}
