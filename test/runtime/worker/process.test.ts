/** Law: threads keep their process alive while something is under way, and no longer. Each program is a process of its own. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)

/** Runs a program with an actor `ref` on a thread, that has answered once. @returns its output, in lines. */
async function runProgram(lines: readonly string[]): Promise<string[]> {
  const program = [
    '(async () => {',
    "const { codeOf, createSystem, onThread, silentLog, threadModule, threadPool } = await import('./runtime/index.ts')",
    `const module = threadModule('${new URL('./faulty.ts', import.meta.url)}')`,
    'const system = createSystem({ log: silentLog })',
    'const { ctx } = system',
    "const ref = system.spawn(ctx, onThread(module, 'faulty'))",
    "console.log(await ref.ask(ctx, { type: 'add', n: 1 }))",
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

test('one with idle threads ends, with all of its actors alive', async (t) => {
  const output = await runProgram([
    "system.spawn(ctx, threadPool(module, 'faulty', { size: 2 }))",
    "process.on('exit', () => console.log(system.actors))",
  ])
  t.deepEqual(output, ['1', '4'])
})

test('a question under way keeps it, until it is settled', async (t) => {
  const output = await runProgram([
    "void ref.ask(ctx, { type: 'block', ms: 50 }).then(console.log)",
    "void ref.ask(ctx, { type: 'never' }, { timeoutMs: 20 }).catch((error) => console.log(codeOf(error)))",
  ])
  t.deepEqual(output.toSorted(), ['1', 'ASK_TIMEOUT', 'done'])
})

test('so does what was only told, until it is handled', async (t) => {
  t.deepEqual(await runProgram(["ref.send(ctx, { type: 'say', text: 'said', ms: 50 })"]), ['1', 'said'])
})

test('a thread that starts with mail waiting keeps it', async (t) => {
  const output = await runProgram([
    "const other = system.spawn(ctx, onThread(module, 'faulty'))",
    "void other.ask(ctx, { type: 'add', n: 5 }).then(console.log)",
  ])
  t.deepEqual(output, ['1', '5'])
})

test('a system that stops ends it, whatever the module keeps open', async (t) => {
  const output = await runProgram([
    "const endless = threadModule(new URL('./endless.ts', module.url))",
    "const other = system.spawn(ctx, onThread(endless, 'clock', { endMs: 10 }))",
    "console.log(await other.ask(ctx, { type: 'tick' }))",
    'await system.stop()',
    "console.log('stopped')",
  ])
  t.deepEqual(output, ['1', 'tock', 'stopped'])
})

test('a stop that is not awaited is carried through', async (t) => {
  const output = await runProgram([
    "void ref.ask(ctx, { type: 'block', ms: 30 }).then(console.log)",
    "void system.stop().then(() => console.log('stopped'))",
  ])
  t.deepEqual(output, ['1', 'done', 'stopped'])
})

test('a thread that is lost, and waits for its restart, keeps it and is made anew', async (t) => {
  const output = await runProgram([
    "const restart = { policy: 'permanent', backoff: { minMs: 20, maxMs: 20 } }",
    "const other = system.spawn(ctx, onThread(module, 'faulty'), { restart })",
    "void other.ask(ctx, { type: 'exit', code: 1 }).catch((error) => console.log(codeOf(error)))",
    "void other.ask(ctx, { type: 'exit', code: 1 }).catch((error) => console.log(codeOf(error)))",
    "system.events.once('restarted', () => void other.ask(ctx, { type: 'add', n: 3 }).then(console.log))",
  ])
  t.deepEqual(output, ['1', 'THREAD_LOST', 'THREAD_LOST', '3'])
})

test('what a thread writes to standard output comes out of the process’s', async (t) => {
  const output = await runProgram([
    "console.log(await ref.ask(ctx, { type: 'say', text: 'from there', ms: 0 }))",
  ])
  t.deepEqual(output.toSorted(), ['1', 'from there', 'undefined'].toSorted())
})
