/** Law: a failure at which nobody looked is reported once: to the watch, or where there is none as Node reports it. */
import { execFileSync } from 'node:child_process'
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError } from '../../../runtime/errors.ts'
import { RecordingWatch } from './support.ts'

const failure = new Error('failure')

/** What Node reports for a program that has `Deferred` at hand. */
function reportsOf(program: string): string[] {
  const script = `
    const { Deferred } = await import(${JSON.stringify(new URL('../../../runtime/deferred/deferred.ts', import.meta.url))})
    process.on('unhandledRejection', (error) => console.log('unhandled ' + error.message))
    process.on('rejectionHandled', () => console.log('handled after all'))
    ${program}`
  const options = { encoding: 'utf8' } as const
  const output = execFileSync(
    process.execPath,
    ['--import=tsx', '--input-type=module', '-e', script],
    options,
  )
  return output.split('\n').filter((line) => line !== '')
}

function watched(): { deferred: Deferred<unknown>; errors: unknown[] } {
  const watch = new RecordingWatch()
  return { deferred: new Deferred<unknown>(undefined, watch), errors: watch.errors }
}

test('a failure without observers is reported to the watch, once', (t) => {
  const { deferred, errors } = watched()
  deferred.reject(failure)
  deferred.reject(new Error('late'))
  t.deepEqual(errors, [failure])
  t.false(deferred.isObserved)
})

test('a failure that somebody waits for is not reported', (t) => {
  const { deferred, errors } = watched()
  deferred.listen(
    () => {},
    () => {},
  )
  deferred.reject(failure)
  t.deepEqual(errors, [])
})

test('a watch that asks again sees who looked in the same tick', (t) => {
  const { deferred } = watched()
  deferred.reject(failure)
  deferred.catch(() => {})
  t.true(deferred.isObserved)
})

test('of a chain only the end is reported, and to the watch of its beginning', async (t) => {
  const { deferred, errors } = watched()
  const end = deferred.then(() => 1).finally(() => {})
  deferred.reject(failure)
  await new Promise((resolve) => setImmediate(resolve))
  t.is(end.status, 'rejected')
  t.deepEqual(errors, [failure])
})

test('the failure of a branch is reported even where another branch is handled', async (t) => {
  const { deferred, errors } = watched()
  deferred.catch(() => {})
  deferred.then(() => {})
  deferred.reject(failure)
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(errors, [failure])
})

test('an adopted failure is reported by the adopter alone', (t) => {
  const { deferred: inner, errors: innerErrors } = watched()
  const { deferred: outer, errors } = watched()
  outer.resolve(inner)
  inner.reject(failure)
  t.deepEqual([innerErrors, errors], [[], [failure]])
})

test('a cancellation is not a failure that anybody missed', (t) => {
  const { deferred, errors } = watched()
  deferred.cancel('nobody waits')
  t.deepEqual(errors, [])
  const { deferred: second, errors: secondErrors } = watched()
  second.reject(new CancelledError('from above'))
  t.deepEqual(secondErrors, [])
})

const programs: [title: string, program: string, reports: string[]][] = [
  ['a failure nobody looks at', `new Deferred().reject(new Error('lost'))`, ['unhandled lost']],
  [
    'a chain nobody looks at, once',
    `Deferred.fail(new Error('lost')).then(() => 1).finally(() => 2)`,
    ['unhandled lost'],
  ],
  ['an observed failure: nothing', `Deferred.fail(new Error('seen')).catch(() => {})`, []],
  [
    'observed later in the same tick: nothing',
    `const d = new Deferred(); d.reject(new Error('seen')); d.listen(() => {}, () => {})`,
    [],
  ],
  ['awaited: nothing', `try { await Deferred.fail(new Error('seen')) } catch {}`, []],
  ['cancelled: nothing', `new Deferred().cancel()`, []],
  [
    'observed in a later tick: taken back',
    `const d = Deferred.fail(new Error('slow')); setImmediate(() => d.catch(() => {}))`,
    ['unhandled slow', 'handled after all'],
  ],
  [
    'a listener that throws, and the others run',
    `const d = new Deferred(); d.listen(() => { throw new Error('bad listener') }, () => {}); d.listen(() => console.log('other'), () => {}); d.resolve(1)`,
    ['other', 'unhandled bad listener'],
  ],
]

for (const [title, program, reports] of programs) {
  test(`without a watch Node reports ${title}`, (t) => {
    t.deepEqual(reportsOf(program), reports)
  })
}
