/** Law: `then` is what Promises/A+ 1.1 says it is. The suite is that of the specification's authors. */
import { createRequire } from 'node:module'
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { RecordingWatch } from './support.ts'

interface Runner {
  on(event: 'pass' | 'fail', listener: (test: { fullTitle(): string }, error?: Error) => void): void
}
type Suite = (adapter: object, options: object, done: (error: Error | null) => void) => void

const suite: Suite = createRequire(import.meta.url)('promises-aplus-tests')

test('passes the Promises/A+ compliance suite', async (t) => {
  t.timeout(110_000)
  const failures: string[] = []
  let passes = 0
  function Reporter(runner: Runner): void {
    runner.on('pass', () => {
      passes += 1
    })
    runner.on('fail', (failed, error) => failures.push(`${failed.fullTitle()}: ${error?.message}`))
  }
  const adapter = {
    deferred() {
      // The suite leaves many failures unobserved on purpose.
      const promise = new Deferred<unknown>(undefined, new RecordingWatch())
      return {
        promise,
        resolve: (value: unknown) => promise.resolve(value),
        reject: (reason: unknown) => promise.reject(reason),
      }
    },
  }
  await new Promise<void>((resolve) =>
    suite(adapter, { reporter: Reporter, timeout: 10_000 }, () => resolve()),
  )
  t.deepEqual(failures, [])
  t.true(passes > 800, `only ${passes} tests ran`)
})
