/** Law: the example fails all the time, says why, loses nothing, and ends as it is told. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { root } from './web/web-process.ts'

/** Starts it as its header says. `output` has its standard output so far. */
function start(t: ExecutionContext, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/supervision.ts'], {
    cwd: root,
    env: { ...process.env, SEED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, output, ended }
}

/** The balance of that name, read anew: what was sent, and what came of it. */
function balance(
  stdout: string,
  name: string,
): { readonly sent: number; readonly outcomes: Record<string, number> } {
  const [, sent = '', terms = ''] = new RegExp(`^${name}: (\\d+) = (.+)$`, 'm').exec(stdout) ?? []
  const outcomes = terms.split(' + ').map((term): [string, number] => {
    const [, times, outcome = ''] = /^(\d+) (.+)$/.exec(term) ?? []
    return [outcome, Number(times)]
  })
  return { sent: Number(sent), outcomes: Object.fromEntries(outcomes) }
}

function isBalanced(t: ExecutionContext, stdout: string): void {
  for (const [name, wanted] of [
    ['asked', 'answered'],
    ['told', 'indexed'],
  ] as const) {
    const { sent, outcomes } = balance(stdout, name)
    const sum = Object.values(outcomes).reduce((total, times) => total + times, 0)
    t.is(sum, sent, `${name} is not accounted for:\n${stdout}`)
    t.true(outcomes[wanted]! > 0, `nothing was ${wanted}:\n${stdout}`)
  }
}

const TREE = `
search
├── service
│   ├── library
│   │   ├── store
│   │   └── indexer
│   └── parsers
│       ├── parser-1
│       ├── parser-2
│       ├── parser-3
│       └── parser-4
└── client
`

/** The trees that it has printed, without what stands behind the names. */
function trees(stdout: string): readonly string[] {
  return stdout
    .split('\n\n')
    .filter((text) => text.trimStart().startsWith('search\n'))
    .map((text) => `\n${text.trim().replaceAll(/:.*$/gm, '')}\n`)
}

test.serial(
  'it ends by itself with its tree whole, its restarts explained, and everything accounted for',
  async (t) => {
    const { output, ended } = start(t, { SECONDS: '2' })
    t.deepEqual(await ended, [0, null], output.stderr)
    const { stdout, stderr } = output
    t.is(stderr, '')
    t.deepEqual(trees(stdout), [TREE, TREE], 'one at the start, one at the end')
    t.regex(
      stdout,
      /^ +\d+\.\d{3} s {2}search\/service\/parsers\/parser-\d restarted \(\d+\): page \d+ cannot be parsed$/m,
    )
    isBalanced(t, stdout)
  },
)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.serial(`${signal} ends it early, in the same order and with the same balance`, async (t) => {
    const { child, output, ended } = start(t, { SECONDS: '60' })
    while (!output.stdout.includes(' restarted ')) await once(child.stdout, 'data')
    child.kill(signal)
    t.deepEqual(await ended, [0, null], output.stderr)
    t.is(output.stderr, '')
    t.deepEqual(trees(output.stdout).at(-1), TREE)
    isBalanced(t, output.stdout)
  })
}

for (const [name, value] of [
  ['SECONDS', 'soon'],
  ['SEED', '1.5'],
] as const) {
  test.serial(`${name}=${value} ends it with one line that says what it may be`, async (t) => {
    const { child, output, ended } = start(t, { [name]: value })
    await ended
    t.is(child.exitCode, 1)
    t.is(output.stdout, '')
    t.is(output.stderr, `${name} must be a whole number from 0 to 2147483647, not "${value}"\n`)
  })
}
