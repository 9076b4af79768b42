/** Law: threads keep their process alive while something is under way, and no longer. Each program is a process of its own. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)

/** Runs a program with an actor `ref` on a thread that has answered once: so one that starts keeps the process. @returns its output, in lines. */
async function runProgram(lines: readonly string[]): Promise<string[]> {
  const program = [
    '(async () => {',
    "const { codeOf, createSystem, onThread, silentLog, threadModule, threadPool } = await import('./runtime/index.ts')",
    `const module = threadModule('${new URL('./faulty.ts', import.meta.url)}')`,
    'const system = createSystem({ log: silentLog })',
    'const { ctx } = system',
    "const ref = system.spawn(ctx, onThread(module, 'faulty'))",
    "console.log(await ref.ask(ctx, { type: 'add', n: 1 }, { timeoutMs: 60_000 }))",
    ...lines,
    '})()',
  ]
  // Not with `--input-type`: Node starts no threads from files then.
  const { stdout } = await run(process.execPath, ['--import=tsx', '--eval', program.join('\n')], {
    cwd: new URL('../../../', import.meta.url),
    timeout: 60_000,
  })
  return stdout.trim().split('\n')
}

test.serial('one with idle threads ends at once, with all of its actors alive', async (t) => {
  const output = await runProgram([
    "const pool = system.spawn(ctx, threadPool(module, 'faulty', { size: 1 }))",
    "await pool.ask(ctx, { type: 'add', n: 1 }, { timeoutMs: 60_000 })",
    "console.log(await ref.ask(ctx, { type: 'never' }, { timeoutMs: 10 }).catch(codeOf))",
    "console.log(await ref.ask(ctx, { type: 'add', n: 1 }))",
    "console.log(ctx.clock.pending, 'timers wait')",
    "process.on('exit', () => console.log(system.actors))",
  ])
  t.deepEqual(output, ['1', 'ASK_TIMEOUT', '2', '0 timers wait', '3'])
})

test.serial('a question under way keeps it, until it is settled', async (t) => {
  const output = await runProgram([
    "void ref.ask(ctx, { type: 'block', ms: 50 }).then(console.log)",
    "void ref.ask(ctx, { type: 'never' }, { timeoutMs: 20 }).catch((error) => console.log(codeOf(error)))",
  ])
  t.deepEqual(output.toSorted(), ['1', 'ASK_TIMEOUT', 'done'])
})

test.serial(
  'so does what was only told, until it is handled; what the thread writes comes out of the process',
  async (t) => {
    t.deepEqual(await runProgram(["ref.send(ctx, { type: 'say', text: 'said', ms: 50 })"]), ['1', 'said'])
  },
)

test.serial('a system that stops ends it, whatever the module keeps open', async (t) => {
  const output = await runProgram([
    "const endless = threadModule(new URL('./endless.ts', module.url))",
    "const other = system.spawn(ctx, onThread(endless, 'clock', { endMs: 10 }))",
    "console.log(await other.ask(ctx, { type: 'tick' }, { timeoutMs: 60_000 }))",
    'await system.stop()',
    "console.log('stopped')",
  ])
  t.deepEqual(output, ['1', 'tock', 'stopped'])
})

test.serial('a stop that is not awaited is carried through', async (t) => {
  const output = await runProgram([
    "void ref.ask(ctx, { type: 'block', ms: 30 }).then(console.log)",
    "void system.stop().then(() => console.log('stopped'))",
  ])
  t.deepEqual(output, ['1', 'done', 'stopped'])
})

test.serial('a thread that is lost, and waits for its restart, keeps it and is made anew', async (t) => {
  const output = await runProgram([
    "const restart = { policy: 'permanent', backoff: { minMs: 20, maxMs: 20 } }",
    "const other = system.spawn(ctx, onThread(module, 'faulty'), { restart })",
    "void other.ask(ctx, { type: 'exit', code: 1 }, { timeoutMs: 60_000 }).catch((error) => console.log(codeOf(error)))",
    "void other.ask(ctx, { type: 'exit', code: 1 }, { timeoutMs: 60_000 }).catch((error) => console.log(codeOf(error)))",
    "system.events.once('restarted', () => void other.ask(ctx, { type: 'add', n: 3 }).then(console.log))",
  ])
  t.deepEqual(output, ['1', 'THREAD_LOST', 'THREAD_LOST', '3'])
})
