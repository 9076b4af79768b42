/** The load generator as a process of its own, asked in lines: `capacity {json}` or `load {json}`, answered with JSON. */
import { createInterface } from 'node:readline'
import { capacityOf } from './closed-loop.ts'
import { type Load, runLoad } from './open-loop.ts'
import { figuresOf, percentile } from './outcomes.ts'

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const gap = line.indexOf(' ')
  try {
    console.log(JSON.stringify(await answer(line.slice(0, gap), JSON.parse(line.slice(gap + 1)))))
  } catch (error) {
    console.log(`error ${error instanceof Error ? error.message : String(error)}`)
  }
}
process.exit()

async function answer(what: string, asked: Load): Promise<unknown> {
  if (what === 'capacity') return capacityOf(asked.port, asked.request, asked.seconds)
  const { user, system } = process.cpuUsage()
  const startMs = performance.now()
  const outcomes = await runLoad(asked)
  const used = process.cpuUsage({ user, system })
  const busy = (used.user + used.system) / 1e3 / (performance.now() - startMs)
  const { refusedBare, sentLateMs } = outcomes
  return { ...figuresOf(outcomes), refusedBare, busy, lateMs: percentile(sentLateMs, 0.99) ?? 0 }
}
