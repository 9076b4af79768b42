/**
 * The load as a process of its own, asked in lines and answering with JSON each: `open {json}` lets others into the room, or opens
 * one; `run {json}` has them speak; `close` waits for what should not come, and lets all leave. A server that is wrong is an answer
 * too, `{"fault": "..."}`, and the room is closed then.
 */
import { createInterface } from 'node:readline'
import { percentile } from '../../overload/outcomes.ts'
import { DeliveryError } from './order.ts'
import { Room, type Run } from './room.ts'
import { type WireName, wires } from './wires.ts'

export interface Opening {
  readonly port: number
  readonly wire: WireName
  readonly members: number
}

/** What `run` answers. */
export interface Ran {
  readonly deliveriesPerSecond: number
  readonly deliveries: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** 99th percentile; 0 in a closed loop. */
  readonly lateMs: number
  /** Of this process, in all of the run. */
  readonly cpuUs: number
  /** What share of a core that was. */
  readonly busy: number
}

/** In which a message that came once too often would be there. */
const SURPLUS_SECONDS = 0.1

let room: Room | undefined

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const gap = line.indexOf(' ')
  try {
    const answer = await (gap < 0 ? closeRoom(line) : answerTo(line.slice(0, gap), line.slice(gap + 1)))
    console.log(JSON.stringify(answer))
  } catch (error) {
    room?.leave()
    room = undefined
    if (error instanceof DeliveryError) console.log(JSON.stringify({ fault: error.message }))
    else console.log(`error ${error instanceof Error ? error.message : String(error)}`)
  }
}
process.exit()

async function answerTo(what: string, json: string): Promise<Ran | object> {
  if (what === 'open') {
    const { port, wire, members } = JSON.parse(json) as Opening
    room ??= new Room(port, wires[wire])
    await room.growTo(members)
    return {}
  }
  if (what === 'run' && room !== undefined) return run(room, JSON.parse(json) as Run)
  throw new Error(`no such question: ${what}`)
}

async function run(opened: Room, plan: Run): Promise<Ran> {
  const { user, system } = process.cpuUsage()
  const startMs = performance.now()
  const { deliveriesPerSecond, deliveries, latencies, sentLateMs } = await opened.run(plan)
  const used = process.cpuUsage({ user, system })
  const cpuUs = used.user + used.system
  return {
    deliveriesPerSecond,
    deliveries,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    lateMs: percentile(sentLateMs, 0.99) ?? 0,
    cpuUs,
    busy: cpuUs / 1e3 / (performance.now() - startMs),
  }
}

async function closeRoom(line: string): Promise<object> {
  if (line !== 'close') throw new Error(`no such question: ${line}`)
  await room?.pause(SURPLUS_SECONDS)
  room?.leave()
  room = undefined
  return {}
}
