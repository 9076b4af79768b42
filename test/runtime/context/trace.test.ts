/** Law: W3C Trace Context, sections 3.2 and 4.3: a valid traceparent is continued, anything else begins a new trace. */
import test from 'ava'
import { createSeededRandom } from '../../../runtime/context/random.ts'
import { Trace } from '../../../runtime/context/trace.ts'
import { createTestContext } from './support.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

const valid: [what: string, traceparent: string, isSampled: boolean][] = [
  ['sampled', `00-${traceId}-${spanId}-01`, true],
  ['not sampled', `00-${traceId}-${spanId}-00`, false],
  ['flags that are not known yet', `00-${traceId}-${spanId}-fe`, false],
  ['all flags', `00-${traceId}-${spanId}-ff`, true],
  ['a later version', `01-${traceId}-${spanId}-01`, true],
  ['a later version with more fields', `cc-${traceId}-${spanId}-01-what-comes-later`, true],
  ['a later version with an empty field', `cc-${traceId}-${spanId}-01-`, true],
]

for (const [what, traceparent, isSampled] of valid) {
  test(`continues a traceparent with ${what}`, (t) => {
    const trace = Trace.receive(createSeededRandom(1), traceparent)
    t.is(trace.traceId, traceId)
    t.is(trace.parentSpanId, spanId)
    t.not(trace.spanId, spanId)
    t.regex(trace.spanId, /^[0-9a-f]{16}$/)
    t.is(trace.isSampled, isSampled)
    t.is(trace.traceparent, `00-${traceId}-${trace.spanId}-${isSampled ? '01' : '00'}`)
  })
}

const invalid: [what: string, traceparent: string | undefined][] = [
  ['none', undefined],
  ['an empty one', ''],
  ['nonsense', 'nonsense'],
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['version 00 with more fields', `00-${traceId}-${spanId}-01-more`],
  ['a later version with more characters but no field', `01-${traceId}-${spanId}-01.more`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a trace id too short', `00-${traceId.slice(1)}-${spanId}-01`],
  ['a span id too long', `00-${traceId}-${spanId}0-01`],
  ['flags that are no number', `00-${traceId}-${spanId}-0x`],
  ['a missing field', `00-${traceId}-${spanId}`],
  ['white space around', ` 00-${traceId}-${spanId}-01`],
]

for (const [what, traceparent] of invalid) {
  test(`begins a new trace for ${what}`, (t) => {
    const trace = Trace.receive(createSeededRandom(1), traceparent)
    t.regex(trace.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    t.not(trace.traceId, traceId)
    t.is(trace.parentSpanId, undefined)
  })
}

test('a child keeps trace and sampling, and has a span of its own', (t) => {
  const parent = Trace.receive(createSeededRandom(1), `00-${traceId}-${spanId}-00`)
  const child = parent.child()
  t.is(child.traceId, traceId)
  t.is(child.parentSpanId, parent.spanId)
  t.not(child.spanId, parent.spanId)
  t.false(child.isSampled)
})

test('ids are never all zero, even where the source gives nothing else', (t) => {
  const trace = Trace.start({ nextUint32: () => 0 })
  t.is(trace.traceparent, `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`)
})

test('a context keeps one trace for all that is derived from it', (t) => {
  const { ctx } = createTestContext()
  const request = ctx.withTrace(`00-${traceId}-${spanId}-01`)
  const [child] = request.withTimeout(5).withCancel()
  t.is(child.trace, request.trace)
  t.is(child.traceparent, request.traceparent)
  t.is(request.trace.traceId, traceId)
  t.not(ctx.trace.traceId, traceId)
  t.not(ctx.withTrace().trace.traceId, ctx.trace.traceId)
})

test('the same seed gives the same trace ids', (t) => {
  const ids = [7, 7, 8].map((seed) => createTestContext({ seed }).ctx.traceparent)
  t.is(ids[0], ids[1])
  t.not(ids[0], ids[2])
})
