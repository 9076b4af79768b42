/** Law: a line of log crosses, whatever its fields are: plain data as it is, errors as errors, the rest as text. */
import test from 'ava'
import fc from 'fast-check'
import { codeOf, PeerError } from 'greenroom'
import { fromPlainFields, plainFields } from '../../../runtime/worker/plain-fields.ts'

function crossed(fields: object): Record<string, unknown> {
  return fromPlainFields(structuredClone(plainFields(fields)))
}

const plain = fc.oneof(
  fc.string(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.array(fc.dictionary(fc.string(), fc.integer())),
  fc.date({ noInvalidDate: true }),
)

test('plain data crosses as it is, under any name', (t) => {
  const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString'))
  fc.assert(
    fc.property(fc.dictionary(names, plain, { maxKeys: 20 }), (fields) => {
      t.deepEqual(Object.entries(crossed(fields)), Object.entries(fields))
    }),
  )
})

test('errors cross as errors', (t) => {
  const { error, at } = crossed({ error: new PeerError('BROKEN', 'it broke'), at: 5 })
  t.true(error instanceof PeerError)
  t.is(codeOf(error), 'BROKEN')
  t.is(at, 5)
})

const trap = (): never => {
  throw new Error('a trap')
}

const weird: Readonly<Record<string, unknown>> = {
  'a function': () => 5,
  'a class': class Named {},
  'a symbol': Symbol('s'),
  'an object with a symbol': { at: Symbol('s') },
  'a promise': Promise.resolve(5),
  'a proxy that throws at every look': new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap }),
  'an object whose getter throws': Object.defineProperty({}, 'at', { get: trap, enumerable: true }),
  'an error whose message throws': Object.defineProperty(new Error('x'), 'message', { get: trap }),
}

for (const [what, value] of Object.entries(weird)) {
  test(`${what} costs the line nothing but itself`, (t) => {
    const fields = crossed({ before: 1, value, after: 2 })
    t.true('value' in fields)
    t.is(fields.before, 1)
    t.is(fields.after, 2)
  })
}

test('a getter that throws among the fields costs the fields, not the line', (t) => {
  t.deepEqual(Object.keys(crossed(Object.defineProperty({ a: 1 }, 'b', { get: trap, enumerable: true }))), [
    'fields',
  ])
})

test('fields beyond the 64th are left out', (t) => {
  const fields = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`field${at}`, at]))
  t.deepEqual(Object.values(crossed(fields)), Object.values(fields).slice(0, 64))
})
