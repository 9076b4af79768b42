/**
 * Law: a command's time on a core is told apart from the time that passed, and a command that fails has no time at all.
 */

import test from 'ava'
import { parseTimes, runAccounted } from '../../bench/harness/accounted.ts'

const node = (script: string) => ({ file: process.execPath, args: ['-e', script] })

for (const { shell, output, seconds } of [
  { shell: 'dash', output: '0m0.010000s 0m0.020000s\n1m2.500000s 0m0.250000s\n', seconds: 62.75 },
  { shell: 'bash', output: '0m0.001s 0m0.002s\n0m0.500s 2m0.125s\n', seconds: 120.625 },
  { shell: 'a shell, after what the command said', output: 'a word\n0m9s 0m9s\n0m1.5s 0m0.5s\n', seconds: 2 },
]) {
  test(`reads the children's time of ${shell}`, (t) => {
    t.is(parseTimes(output), seconds)
  })
}

for (const output of ['', 'user 0.01\nsys 0.02\n', '0m0.01s 0m0.02s\nlast words\n']) {
  test(`refuses ${JSON.stringify(output)}`, (t) => {
    t.throws(() => parseTimes(output), { instanceOf: RangeError })
  })
}

test('the time that a command works is counted, and what it prints is handed on', async (t) => {
  const startMs = performance.now()
  const { stdout, busy } = await runAccounted(
    node(`while (process.cpuUsage().user < 300_000); console.log('three tenths')`),
    60_000,
  )
  const seconds = (performance.now() - startMs) / 1e3
  t.is(stdout, 'three tenths\n')
  // Of `seconds` at most, since that ends later; the clock of `times` may tick in hundredths.
  t.true(busy * seconds > 0.28, `${busy} of ${seconds} s`)
})

test('the time that a command waits is not counted', async (t) => {
  const { busy } = await runAccounted({ file: 'sleep', args: ['0.5'] }, 60_000)
  t.true(busy < 0.5, `${busy}`)
})

test('a command that fails is a failure, with its exit code and last words', async (t) => {
  const failed = runAccounted(node(`console.error('out of luck'); process.exit(3)`), 60_000)
  await t.throwsAsync(failed, { code: 3, message: /out of luck/ })
})
