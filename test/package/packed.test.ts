/**
 * Law: what `npm publish` would send is a package. It installs into an empty project, runs there from plain JavaScript,
 * compiles there under the strictest TypeScript, opens what `exports` names, and closes the rest.
 *
 * The project is built and packed from a copy, so that a test run leaves nothing in the checkout.
 */

import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import anyTest, { type TestFn } from 'ava'
import { copyProject, makeFolder, projectRoot } from '../house/tree.ts'

const test = anyTest as TestFn<{ consumer: string; installed: string }>
const copy = makeFolder()
const consumer = makeFolder()
const shipped = [
  'package.json',
  'tsconfig.json',
  '.ci',
  'runtime',
  'actors',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
]
const programs = fileURLToPath(new URL('programs', import.meta.url))

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 110_000 })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}

test.before('pack, and install into an empty project', async (t) => {
  copyProject(copy.path, shipped)
  await run(copy.path, 'npm', 'pack', '--silent', '--pack-destination', consumer.path)
  const [tarball] = readdirSync(consumer.path)
  cpSync(programs, consumer.path, { recursive: true })
  const nodeTypes = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')).devDependencies[
    '@types/node'
  ]
  await run(
    consumer.path,
    'npm',
    'install',
    ...['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'],
    `./${tarball}`,
    `@types/node@${nodeTypes}`,
  )
  t.context = { consumer: consumer.path, installed: join(consumer.path, 'node_modules/greenroom') }
})

test.after.always(() => {
  copy.remove()
  consumer.remove()
})

test('holds the build, its sources and its papers, and nothing else', (t) => {
  t.deepEqual(readdirSync(t.context.installed).sort(), [
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'actors', 'dist', 'package.json', 'runtime'],
  ])
})

test('every map leads to a source that is shipped', (t) => {
  const dist = join(t.context.installed, 'dist')
  const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.map'),
  )
  t.true(maps.length > 0)
  for (const map of maps) {
    const { sources } = JSON.parse(readFileSync(join(dist, map), 'utf8')) as { sources: string[] }
    for (const source of sources)
      t.true(existsSync(join(dist, dirname(map), source)), `${map} names ${source}`)
  }
})

test('runs from plain JavaScript', async (t) => {
  t.is(
    await run(t.context.consumer, process.execPath, 'server.js'),
    'plain JavaScript: 200 Hello, visitor 1!\n',
  )
})

/** What threads.ts says, from source and compiled. */
const TYPED_THREADS = 'strict TypeScript: 42 acme true true 43\n'

const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc')

test.serial('compiles under strict TypeScript with library checks, and runs', async (t) => {
  t.is(await run(t.context.consumer, process.execPath, compiler), '')
  t.is(
    await run(t.context.consumer, process.execPath, 'build/server.js'),
    'strict TypeScript: 200 Hello, visitor 1!\n',
  )
  t.is(await run(t.context.consumer, process.execPath, 'build/threads.js'), TYPED_THREADS)
})

test('runs actors on threads, from plain JavaScript', async (t) => {
  t.is(
    await run(t.context.consumer, process.execPath, 'threads.js'),
    'plain JavaScript: 42 THREAD_LOST 43 true\n',
  )
})

test.serial(
  'a thread of TypeScript without tsx runs where Node knows it, and says what is missing where not',
  async (t) => {
    const knows = 'typescript' in process.features && process.features.typescript !== false
    const output = await run(t.context.consumer, process.execPath, 'typed-thread.js')
    t.regex(output, knows ? /^pong from TypeScript$/m : /needs tsx \(npm install tsx\)/)
  },
)

test.serial('runs actors on threads from TypeScript sources, where tsx is installed', async (t) => {
  const installed = join(t.context.consumer, 'node_modules/tsx')
  symlinkSync(join(projectRoot, 'node_modules/tsx'), installed)
  t.teardown(() => rmSync(installed))
  t.is(await run(t.context.consumer, process.execPath, '--import=tsx', 'threads.ts'), TYPED_THREADS)
  t.is(await run(t.context.consumer, process.execPath, 'typed-thread.js'), 'pong from TypeScript\n')
})

test.serial(
  'runs transactions, where a library for SQLite is installed, and says what is missing where not',
  async (t) => {
    const { consumer: cwd } = t.context
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const knows = major > 22 || (major === 22 && minor >= 13)
    if (!knows) {
      const missing = await run(cwd, process.execPath, 'bank-program.js', 'none.db')
      t.regex(missing, /^DATABASE_CANNOT_OPEN: SQLite needs the package better-sqlite3/)
    }
    for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path', 'tsx']) {
      const installed = join(cwd, 'node_modules', name)
      if (!existsSync(installed)) symlinkSync(join(projectRoot, 'node_modules', name), installed)
      t.teardown(() => rmSync(installed, { force: true }))
    }
    t.is(await run(cwd, process.execPath, 'bank-program.js', 'bank.db'), 'paid: 40 42\n')
    const command = join('node_modules', '.bin', 'greenroom')
    const listed = await run(cwd, command, 'outbox', 'list', '--database', 'bank.db', '--json')
    t.regex(listed, /amount\\":40/)
    t.is(await run(cwd, process.execPath, 'build/typed-bank-program.js'), 'strict TypeScript: 42 number\n')
    // A module in TypeScript, on a thread that is JavaScript itself.
    t.is(
      await run(cwd, process.execPath, '--import=tsx', 'typed-bank-program.ts'),
      'strict TypeScript: 42 number\n',
    )
  },
)

test('compiles with exactOptionalPropertyTypes too, as far as it is ours', async (t) => {
  // The declarations of xstate 5.33 do not; a project with that setting skips library checks for its sake.
  const compile = run(
    t.context.consumer,
    process.execPath,
    compiler,
    '--noEmit',
    '--exactOptionalPropertyTypes',
  )
  const errors = await compile.then(
    () => [],
    (error: Error) => error.message.split('\n').filter((line) => / error TS\d+: /.test(line)),
  )
  t.deepEqual(
    errors.filter((line) => !line.startsWith('node_modules/xstate/')),
    [],
  )
})

test('opens what exports names', async (t) => {
  const open = [
    'greenroom',
    'greenroom/actors',
    'greenroom/sqlite',
    'greenroom/postgres',
    'greenroom/testing',
  ]
  for (const name of open) {
    const imported = `console.log(Object.keys(await import('${name}')).length > 0)`
    t.is(await run(t.context.consumer, process.execPath, '--input-type=module', '--eval', imported), 'true\n')
  }
})

for (const path of [
  'dist/runtime/index.js',
  'runtime/loop/loop.js',
  'runtime/index.ts',
  'actors/http',
  'dist/actors',
]) {
  test(`closes ${path}`, async (t) => {
    const importing = `await import('greenroom/${path}')`
    await t.throwsAsync(
      run(t.context.consumer, process.execPath, '--input-type=module', '--eval', importing),
      {
        message: /ERR_PACKAGE_PATH_NOT_EXPORTED/,
      },
    )
  })
}
