/**
 * Laws: a contender that fails, dies or cannot be started is a failure with its name and its last words, and no
 * process outlives the run.
 */

import test from 'ava'
import { type Command, ContenderError, ProcessContender } from '../../bench/harness/process-contender.ts'
import type { Trial } from '../../bench/harness/suite.ts'

const trial: Trial = { name: 'two words', figures: [{ what: 'two words', unit: 'ns', better: 'lower' }] }

/** A contender in plain JavaScript: `answer` is an expression over `line`. */
function speaking(answer: string, first = 'ready'): Command {
  const script = `
    console.log(${JSON.stringify(first)})
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => console.log(${answer}))`
  return { file: process.execPath, args: ['-e', script] }
}

test('a trial is asked for by its seconds and its name', async (t) => {
  const contender = new ProcessContender('it', speaking(`line === '0.5 two words' ? 42.5 : 'error ' + line`))
  t.deepEqual(await contender.measure(trial, 0.5), [42.5])
  await contender.end()
})

test('a process is kept warm from trial to trial, and made anew where the trial needs that', async (t) => {
  const warm = new ProcessContender('warm', speaking('process.pid'))
  t.deepEqual(await warm.measure(trial, 1), await warm.measure(trial, 1))
  await warm.end()
  const fresh = new ProcessContender('fresh', speaking('process.pid'), [trial.name])
  t.notDeepEqual(await fresh.measure(trial, 1), await fresh.measure(trial, 1))
  await fresh.end()
})

test('no process is left after the end', async (t) => {
  const contender = new ProcessContender('it', speaking('process.pid'))
  const [pid = 0] = await contender.measure(trial, 1)
  await contender.end()
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

for (const { title, command, message } of [
  {
    title: 'says that it failed',
    command: speaking(`'error out of luck'`),
    message: 'it: out of luck',
  },
  {
    title: 'dies at work',
    command: speaking(`(console.error('last words'), process.exit(3))`),
    message: /^it: ended; it said: last words$/,
  },
  {
    title: 'does not say that it is ready',
    command: speaking('1', 'hello'),
    message: 'it: said "hello" instead of "ready"',
  },
  {
    title: 'cannot be started',
    command: { file: '/nonexistent/contender', args: [] },
    message: /^it: ended; it said: .*ENOENT/,
  },
]) {
  test(`a contender that ${title} is a failure with its name`, async (t) => {
    const contender = new ProcessContender('it', command)
    await t.throwsAsync(contender.measure(trial, 1), { instanceOf: ContenderError, message })
    await contender.end()
  })
}
