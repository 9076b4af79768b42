/**
 * Law: what is wrong with the command is one line that says what there is, and exit code 1; nothing is measured.
 */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { ArgumentsError, parseArguments } from '../../bench/harness/arguments.ts'

const suites = [
  { name: 'http', trials: [{ name: 'hello' }, { name: 'json' }], plot: {} },
  { name: 'spawn', trials: [{ name: 'two words' }] },
]
const all = { trials: [], isJson: false, isPlot: false, seconds: undefined }

for (const { words, request } of [
  { words: ['http'], request: { ...all, suite: 'http' } },
  { words: ['spawn', '--json'], request: { ...all, suite: 'spawn', isJson: true } },
  {
    words: ['--json', '--seconds', '2.5', 'http'],
    request: { ...all, suite: 'http', isJson: true, seconds: 2.5 },
  },
  { words: ['http', '--seconds=3'], request: { ...all, suite: 'http', seconds: 3 } },
  { words: ['http', 'json', 'hello'], request: { ...all, suite: 'http', trials: ['json', 'hello'] } },
  {
    words: ['http', '--seconds', '3', 'hello', '--json'],
    request: { suite: 'http', trials: ['hello'], isJson: true, isPlot: false, seconds: 3 },
  },
  { words: ['http', '--plot'], request: { ...all, suite: 'http', isPlot: true } },
  { words: ['spawn', 'two words'], request: { ...all, suite: 'spawn', trials: ['two words'] } },
]) {
  test(`understands ${words.join(' ')}`, (t) => {
    t.deepEqual(parseArguments(words, suites), request)
  })
}

for (const { words, message } of [
  { words: [], message: 'name a suite; there are: http, spawn' },
  { words: ['htpp'], message: 'unknown suite "htpp"; there are: http, spawn' },
  { words: ['hello'], message: 'unknown suite "hello"; there are: http, spawn' },
  { words: ['http', 'spawn'], message: 'unknown trial "spawn" of http; there are: hello, json' },
  {
    words: ['http', 'hello', 'two words'],
    message: 'unknown trial "two words" of http; there are: hello, json',
  },
  { words: ['http', '--fast'], message: 'unknown option "--fast"; there are: --json, --plot, --seconds N' },
  { words: ['spawn', '--plot'], message: '--plot: spawn has no picture' },
  { words: ['http', '--seconds'], message: /above 0 and at most 3600, not nothing$/ },
  { words: ['http', '--seconds', ''], message: /not ""$/ },
  { words: ['http', '--seconds', '0'], message: /not "0"$/ },
  { words: ['http', '--seconds', '-1'], message: /not "-1"$/ },
  { words: ['http', '--seconds', 'ten'], message: /not "ten"$/ },
  { words: ['http', '--seconds', '1e9'], message: /not "1e9"$/ },
]) {
  test(`refuses ${JSON.stringify(words)}`, (t) => {
    t.throws(() => parseArguments(words, suites), { instanceOf: ArgumentsError, message })
  })
}

test('the command prints the one line on stderr, nothing on stdout, and exits with 1', async (t) => {
  const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))
  const { code, stdout, stderr } = await run(['--import', import.meta.resolve('tsx'), main, 'htpp', '--json'])
  t.is(code, 1)
  t.is(stdout, '')
  t.is(
    stderr,
    'bench: unknown suite "htpp"; there are: http, messaging, spawn, supervision, threads, overload, transactions, chat\n',
  )
})

function run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}
