/**
 * The trace of a simulation: what its system took in, did, sent and logged, a line each, in order and with the
 * simulated time. It holds nothing that differs between two runs of one program and one seed: no real time, no stack,
 * no object. Two runs are the same if their traces are.
 */
import type { Log, LogLevel } from '../context/log.ts'
import { describe } from '../errors.ts'
import type { Turn } from '../loop/turn.ts'
import type { SystemEvents } from '../system/events.ts'
import type { Clock } from '../time/clock.ts'
import { TRACE_LINES_MAX } from './limits.ts'

export class TraceRecorder {
  readonly lines: string[] = []
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  readonly record = (what: string): void => {
    const { lines } = this
    if (lines.length < TRACE_LINES_MAX) lines.push(`${this.clock.nowMs()} ${what}`)
    else if (lines.length === TRACE_LINES_MAX) lines.push('the trace is full: no more is recorded')
  }

  /** Notes a turn that did something; its transfers stand before it. */
  turned(turn: Turn): void {
    if (turn.isIdle) return
    const { number, steps, envelopes, flushes } = turn
    this.record(`turn ${number}: steps ${steps}, envelopes ${envelopes}, flushes ${flushes}`)
  }

  /** Notes how actors come and go, and what was not delivered. Failures stand in the log. */
  listenTo(events: SystemEvents): void {
    events.on('spawned', ({ ref }) => this.record(`${ref.path} spawned`))
    events.on('stopped', ({ ref, reason }) => this.record(`${ref.path} ended: ${reason.kind}`))
    events.on('restarted', ({ ref, restarts }) => this.record(`${ref.path} restarted: ${restarts}`))
    events.on('deadLetter', ({ ref, event, reason }) => {
      this.record(`${ref.path} did not get ${event.type}: ${reason}`)
    })
  }

  /** A log whose every line is noted, and given to `log` as well. */
  logTo(log: Log): Log {
    const at = (level: LogLevel) => (fields: object, message: string) => {
      this.record(`log ${level}: ${message}${plainFields(fields)}`)
      log[level](fields, message)
    }
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }
}

/** The fields that look the same in every run: texts, numbers, and errors by their message. */
function plainFields(fields: object): string {
  const parts: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) parts.push(`${name}=${JSON.stringify(describe(value))}`)
    else if (typeof value !== 'object' && typeof value !== 'function')
      parts.push(`${name}=${JSON.stringify(value)}`)
  }
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`
}
