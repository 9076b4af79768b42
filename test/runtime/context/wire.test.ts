/** Law: portable keys, the time that is left and the trace cross a wire; nothing else does, and nothing unchecked. */
import test from 'ava'
import fc from 'fast-check'
import { jsonCodec, key } from '../../../runtime/context/key.ts'
import { fromWire, toWire, type WireContext } from '../../../runtime/context/wire.ts'
import { PeerError } from '../../../runtime/errors.ts'
import { createTestContext } from './support.ts'

const text = jsonCodec((value) => {
  if (typeof value !== 'string') throw new TypeError('a text expected')
  return value
})
const Tenant = key<string>('tenant', { codec: text })
const User = key<string>('user', { codec: text })
const Session = key<object>('session')
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('portable keys cross, local ones do not, and the trace goes on', (t) => {
  const here = createTestContext().ctx.withTrace(traceparent).with(Tenant, 'acme').with(Session, {})
  const wire = toWire(here)
  t.deepEqual(wire, { traceparent: here.traceparent, values: { tenant: '"acme"' } })
  const there = fromWire(createTestContext({ seed: 2 }).ctx, wire, [Tenant, User, Session])
  t.is(there.find(Tenant), 'acme')
  t.deepEqual(there.keys(), [Tenant])
  t.is(there.trace.traceId, here.trace.traceId)
  t.is(there.trace.parentSpanId, here.trace.spanId)
})

test('the form is plain data: it survives JSON and structured clone', (t) => {
  const wire = toWire(createTestContext().ctx.with(Tenant, 'acme').withTimeout(250))
  t.deepEqual(JSON.parse(JSON.stringify(wire)), wire)
  t.deepEqual(structuredClone(wire), wire)
})

test('a deadline crosses as the time that is left, to a clock of any origin', (t) => {
  const here = createTestContext({ startMs: 5_000 })
  const ctx = here.ctx.withTimeout(250)
  here.clock.advance(100)
  const wire = toWire(ctx)
  t.is(wire.remainingMs, 150)
  const there = createTestContext({ startMs: 7 })
  t.is(fromWire(there.ctx, wire, []).deadlineMs, 157)
  t.is(fromWire(there.ctx.withTimeout(20), wire, []).deadlineMs, 27)
  here.clock.advance(1_000)
  t.true(fromWire(there.ctx, toWire(ctx), []).isCancelled)
})

test('the nearest value crosses, of one key and of two keys with one name', (t) => {
  const Namesake = key<string>('tenant', { codec: text })
  const ctx = createTestContext().ctx.with(Tenant, 'far').with(Namesake, 'nearer')
  t.deepEqual(toWire(ctx).values, { tenant: '"nearer"' })
  t.deepEqual(toWire(ctx.with(Tenant, 'nearest')).values, { tenant: '"nearest"' })
})

test('any text under any names comes back as it was', (t) => {
  const names = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 8 })
  fc.assert(
    fc.property(
      names,
      fc.array(fc.string({ unit: 'binary' }), { minLength: 8, maxLength: 8 }),
      (keyNames, values) => {
        const keys = keyNames.map((name) => key<string>(name, { codec: text }))
        let { ctx } = createTestContext()
        keys.forEach((one, n) => {
          ctx = ctx.with(one, values[n] as string)
        })
        const there = fromWire(createTestContext().ctx, JSON.parse(JSON.stringify(toWire(ctx))), keys)
        keys.forEach((one, n) => {
          t.is(there.find(one), values[n])
        })
      },
    ),
  )
  t.pass()
})

test('a key may have any name, __proto__ too', (t) => {
  const Odd = key<string>('__proto__', { codec: text })
  const wire = toWire(createTestContext().ctx.with(Odd, 'value'))
  t.is(fromWire(createTestContext().ctx, wire, [Odd]).find(Odd), 'value')
})

test('names that are not known here are ignored, as are those that only look inherited', (t) => {
  const Inherited = key<string>('toString', { codec: text })
  const there = fromWire(createTestContext().ctx, { traceparent, values: { later: '"x"' } }, [
    Tenant,
    Inherited,
  ])
  t.deepEqual(there.keys(), [])
})

test('a traceparent that cannot be read begins a new trace', (t) => {
  const there = fromWire(createTestContext().ctx, { traceparent: 'nonsense', values: {} }, [])
  t.is(there.trace.parentSpanId, undefined)
})

const bad: [what: string, wire: unknown, message: RegExp][] = [
  ['no object', null, /no object/],
  ['no values', { traceparent }, /values are no object/],
  ['values that are null', { traceparent, values: null }, /values are no object/],
  ['a value that is no text', { traceparent, values: { tenant: 5 } }, /value of "tenant" is no text/],
  ['a value that is no JSON', { traceparent, values: { tenant: '{' } }, /value of "tenant" does not decode/],
  [
    'a value that the codec refuses',
    { traceparent, values: { tenant: '5' } },
    /value of "tenant" does not decode/,
  ],
  ['a traceparent that is no text', { traceparent: 5, values: {} }, /traceparent is no text/],
  ...[-1, Number.NaN, '5', null, {}].map((remainingMs): [string, unknown, RegExp] => [
    `a remaining time of ${JSON.stringify(remainingMs)} (${typeof remainingMs})`,
    { traceparent, remainingMs, values: {} },
    /remaining time is .*, not 0 ms or more/,
  ]),
]

for (const [what, wire, message] of bad) {
  test(`refuses ${what}, and says whose fault it is`, (t) => {
    const read = () => fromWire(createTestContext().ctx, wire as WireContext, [Tenant])
    const error = t.throws(read, { instanceOf: PeerError, message })
    t.is(error?.code, 'CONTEXT_WIRE_INVALID')
  })
}

test('a remaining time beyond any timer is a deadline like any', (t) => {
  const there = fromWire(createTestContext().ctx, { traceparent, remainingMs: 1e15, values: {} }, [])
  t.is(there.deadlineMs, 1e15)
  t.notThrows(() => there.onCancel(() => {})())
})

test('what JSON has no word for is refused where it is encoded', (t) => {
  const codec = jsonCodec((value) => value)
  for (const value of [undefined, () => {}, Symbol('s')]) {
    t.throws(() => codec.encode(value), { code: 'CODEC_NOT_JSON' })
  }
  t.is(codec.decode(codec.encode(null)), null)
})
