/**
 * Which request is this work part of? The W3C trace context: one trace id for all that follows from one request, a
 * span id for each hop. Ids are drawn when first read, since most work is never traced.
 *
 * Source: W3C Trace Context (Recommendation, 23 November 2021), sections 3.2 (`traceparent`) and 4.3 (mutating it).
 */
import { nextHex, type Random } from './random.ts'

const SAMPLED = 1

/** `version-traceid-parentid-flags`; of a later version than 00 the known first four fields are read (section 3.2.4). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export class Trace {
  private readonly random: Random
  private readonly parent: Trace | undefined
  private ownTraceId: string | undefined
  private ownSpanId: string | undefined
  private readonly ownFlags: number

  private constructor(
    random: Random,
    parent: Trace | undefined,
    traceId?: string,
    spanId?: string,
    flags = SAMPLED,
  ) {
    this.random = random
    this.parent = parent
    this.ownTraceId = traceId
    this.ownSpanId = spanId
    this.ownFlags = flags
  }

  /** A trace that begins here. */
  static start(random: Random): Trace {
    return new Trace(random, undefined)
  }

  /**
   * The hop that received `traceparent`: same trace, a span of its own. A header that is not valid starts a new trace,
   * as section 4.3 asks; so does none at all.
   */
  static receive(random: Random, traceparent: string | undefined): Trace {
    const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
    if (match === null) return Trace.start(random)
    const [, version, traceId, spanId, flags, rest] = match
    const isInvalid =
      version === 'ff' ||
      (version === '00' && rest !== undefined) ||
      /^0+$/.test(traceId ?? '') ||
      /^0+$/.test(spanId ?? '')
    if (isInvalid) return Trace.start(random)
    const caller = new Trace(random, undefined, traceId, spanId, Number.parseInt(flags ?? '01', 16) & SAMPLED)
    return caller.child()
  }

  /** The next hop: same trace, a new span. */
  child(): Trace {
    return new Trace(this.random, this, undefined, undefined, this.ownFlags)
  }

  /** 32 hexadecimal digits, the same in the whole trace. */
  get traceId(): string {
    this.ownTraceId ??= this.parent?.traceId ?? nextHex(this.random, 16)
    return this.ownTraceId
  }

  /** 16 hexadecimal digits, this hop's own. */
  get spanId(): string {
    this.ownSpanId ??= nextHex(this.random, 8)
    return this.ownSpanId
  }

  /** The span id of the hop before, if there was one. */
  get parentSpanId(): string | undefined {
    return this.parent?.spanId
  }

  get isSampled(): boolean {
    return this.ownFlags === SAMPLED
  }

  /** What to send to the next hop. */
  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-${this.isSampled ? '01' : '00'}`
  }
}
