/** What runs on a thread: imports the user's module, makes a system for its actor, and tells home when it is ready. */
import { workerData } from 'node:worker_threads'
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import type { Log, LogLevel } from '../context/log.ts'
import { UsageError } from '../errors.ts'
import type { Turn } from '../loop/turn.ts'
import type { AnyLogic } from '../system/logic.ts'
import { createSystem } from '../system/system.ts'
import { fromXstate, isXstateLogic } from '../system/xstate-logic.ts'
import { BegunNote } from './begun.ts'
import { toErrorWire } from './error-wire.ts'
import { FarEnd } from './far-end.ts'
import { type Batch, Link } from './link.ts'
import { plainFields } from './plain-fields.ts'
import type { ThreadExports } from './thread-module.ts'
import { LOG, NOT_READY, READY } from './wire.ts'
import type { ThreadData } from './worker-thread.ts'

const { module: url, exported, port, begun, credits, limits, path } = workerData as ThreadData
const early: Batch[] = []
let arrives = (batch: Batch): void => void early.push(batch)
const link = new Link(
  port as never,
  (batch) => arrives(batch),
  () => {},
)

const parent = path.slice(0, path.lastIndexOf('/'))
const system = createSystem({ name: parent, limits, log: logTo(link), run: orDie })
try {
  const module = (await import(url)) as ThreadExports & Readonly<Record<string, unknown>>
  const logic = logicOf(module)
  const ctx: Context<never> = (await module.threadContext?.(system.ctx)) ?? system.ctx
  // What the thread has itself is not asked for.
  const needs: readonly AnyKey[] = logic.needs.filter((key) => !(ctx as Context).has(key))
  const keys = [...needs, ...(module.threadKeys ?? [])]
  const refs = keys.filter(({ codec }) => codec === undefined).map(({ name }) => name)
  const end = new FarEnd({ system, link, ctx, logic, keys, begun: new BegunNote(begun), credits })
  arrives = (batch) => end.arrives(batch)
  for (const batch of early) end.arrives(batch)
  link.send([READY, refs], [])
} catch (error) {
  link.send([NOT_READY, toErrorWire(error)], [])
  await system.stop({ graceMs: 0 })
  link.close()
}

function logicOf(module: Readonly<Record<string, unknown>>): AnyLogic {
  const found = module[exported] as AnyLogic | undefined
  if (found !== undefined && isXstateLogic(found)) return fromXstate(found)
  if (typeof found?.create === 'function') return found
  throw new UsageError(
    'THREAD_EXPORT_MISSING',
    `${url} exports no logic of an actor as "${exported}"; it exports ${Object.keys(module).join(', ') || 'nothing'}`,
  )
}

/** A thread whose loop has ended would answer nobody and look well: it is to end, and home to hear of it. */
function* orDie(turns: Iterable<Turn>): Generator<unknown> {
  try {
    yield* turns
  } catch (error) {
    // Past the loop, which would keep it.
    queueMicrotask(() => {
      throw error
    })
  }
}

/** Home's log is this thread's as well. */
function logTo(home: Link): Log {
  const at = (level: LogLevel) => (fields: object, text: string) => {
    // What the actor itself fails with is told there by the actor at home.
    if (level === 'error' && 'phase' in fields && 'actor' in fields && fields.actor === path) return
    home.send([LOG, level, plainFields(fields), text], [])
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
