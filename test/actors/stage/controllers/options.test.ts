/** The options of the controllers: defaults, bounds, names. What would be read and ignored is refused. */
import test from 'ava'
import { resolveAdmissionOptions } from '../../../../actors/stage/controllers/admission-options.ts'
import { resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'
import { resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'
import { UsageError } from '../../../../runtime/errors.ts'

type Resolve = (options?: Record<string, unknown>) => object

const families: readonly (readonly [prefix: string, resolve: Resolve])[] = [
  ['admission', resolveAdmissionOptions as Resolve],
  ['batch', resolveBatchOptions as Resolve],
  ['pool', resolvePoolOptions as Resolve],
]

for (const [prefix, resolve] of families) {
  const numbers = Object.entries(resolve()).filter(([, value]) => typeof value === 'number')

  test(`every option of ${prefix} may be given as its default, or left undefined`, (t) => {
    t.deepEqual(resolve(Object.fromEntries(numbers)), resolve())
    t.deepEqual(resolve(Object.fromEntries(numbers.map(([name]) => [name, undefined]))), resolve())
  })

  test(`every option of ${prefix} out of its bounds is refused by name, with value and bounds`, (t) => {
    for (const [name] of numbers) {
      for (const value of [-2, Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
        const error = t.throws(() => resolve({ [name]: value }), { instanceOf: UsageError }, name)
        t.is(error?.code, 'STAGE_OPTION_INVALID')
        const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
        const pattern = new RegExp(
          `^stage option ${prefix}\\.${name} must be .* from .* to .*, not ${shown}$`,
        )
        t.regex(error?.message ?? '', pattern)
      }
    }
  })

  test(`an unknown option of ${prefix} is refused, with the names that there are`, (t) => {
    const error = t.throws(() => resolve({ maximum: 3 }), { code: 'STAGE_OPTION_INVALID' })
    t.true(error?.message.startsWith(`no stage option is named ${prefix}.maximum; there are `))
    for (const [name] of numbers) t.true(error?.message.includes(name), name)
  })

  test(`options of ${prefix} that are no object are refused`, (t) => {
    for (const given of [null, 3, 'x']) {
      t.throws(() => resolve(given as never), { code: 'STAGE_OPTION_INVALID' })
    }
  })
}

const whole: readonly (readonly [prefix: string, name: string])[] = [
  ['admission', 'samples'],
  ['admission', 'samplesMin'],
  ['batch', 'batchMax'],
  ['batch', 'initial'],
  ['pool', 'min'],
  ['pool', 'max'],
  ['pool', 'samplesAbove'],
]

test('what is counted is a whole number', (t) => {
  for (const [prefix, name] of whole) {
    const resolve = families.find(([one]) => one === prefix)?.[1] as Resolve
    t.throws(() => resolve({ [name]: 20.5 }), {
      message: new RegExp(`${prefix}.${name} must be a whole number`),
    })
  }
})

test('relations between options are checked, and both are named', (t) => {
  const relations: readonly (readonly [Resolve, object, RegExp])[] = [
    [
      families[0]![1],
      { samples: 20, samplesMin: 21 },
      /admission\.samplesMin must be at most admission\.samples, which is 20, not 21/,
    ],
    [
      families[0]![1],
      { errorIncrease: -0.2, errorDecrease: -0.3 },
      /admission\.errorIncrease .* admission\.errorDecrease/,
    ],
    [families[1]![1], { batchMax: 8, initial: 9 }, /batch\.initial .* batch\.batchMax, which is 8, not 9/],
    [families[2]![1], { min: 3, max: 2 }, /pool\.min .* pool\.max, which is 2, not 3/],
    [families[2]![1], { sampleMs: 6_000 }, /pool\.sampleMs .* pool\.idleMs/],
  ]
  for (const [resolve, given, message] of relations) {
    t.throws(() => resolve(given as Record<string, unknown>), { code: 'STAGE_OPTION_INVALID', message })
  }
})

test('a pool whose min alone is given has at least as many at most', (t) => {
  t.is(resolvePoolOptions().max, 4)
  t.is(resolvePoolOptions({ min: 9 }).max, 9)
  t.is(resolvePoolOptions({ min: 0 }).min, 0)
})

test('a class has its own target, or that of the stage', (t) => {
  const { classes } = resolveAdmissionOptions({ targetMs: 300 }, { paying: { targetMs: 50 }, others: {} })
  t.deepEqual(classes, [
    { name: 'paying', targetMs: 50 },
    { name: 'others', targetMs: 300 },
  ])
  t.deepEqual(resolveAdmissionOptions().classes, [{ name: 'default', targetMs: 1_000 }])
})

test('classes are checked: how many, what they may say, what their target may be', (t) => {
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, {}]))
  const bad: readonly (readonly [object, RegExp])[] = [
    [{}, /classes .* from 1 to 8/],
    [nine, /classes .* from 1 to 8 .*, not 9/],
    [{ a: { target: 5 } }, /no stage option is named classes\.a\.target/],
    [{ a: { targetMs: 0 } }, /classes\.a\.targetMs must be a number from 1 to/],
    [{ a: 5 }, /classes\.a must be an object, not 5/],
  ]
  for (const [classes, message] of bad) {
    t.throws(() => resolveAdmissionOptions({}, classes as never), { code: 'STAGE_OPTION_INVALID', message })
  }
})
