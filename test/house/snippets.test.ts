/**
 * Law: what the documents show compiles under the project's own strict settings, and what they show running runs.
 *
 * The blocks are written to a temporary project in which `greenroom` means this checkout's sources.
 */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'
import { documents, readSnippets, type Snippet } from './snippets.ts'
import { copyProject, makeTree, projectRoot } from './tree.ts'

const settings = JSON.stringify({
  extends: join(projectRoot, 'tsconfig.json'),
  compilerOptions: {
    // A fragment shows a name without using it.
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ['*.ts'],
})

const snippets = documents(projectRoot).flatMap((file) => readSnippets(projectRoot, file))

/** `docs/architecture.md`, line 12: `docs-architecture-12.ts`. */
function moduleName({ file, line }: Snippet): string {
  return `${file.replace(/\.md$/, '').replaceAll('/', '-')}-${line}.ts`
}

/** Runs Node on a program to its end. */
function run(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(cwd, 'tsconfig.json') },
    timeout: 30_000,
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

function project(t: Parameters<typeof makeTree>[0], modules: readonly Snippet[]): string {
  const files = Object.fromEntries(modules.map((snippet) => [moduleName(snippet), snippet.code]))
  const root = makeTree(t, { ...files, 'tsconfig.json': settings, 'package.json': '{ "type": "module" }' })
  copyProject(root, [])
  return root
}

const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc')

test('the documents compile', async (t) => {
  const { code, output } = await run(project(t, snippets), [compiler])
  t.is(code, 0, output)
})

for (const snippet of snippets.filter(({ mustRun }) => mustRun)) {
  // One after another: each starts a process, which compiles all that it imports.
  test.serial(`${snippet.file}:${snippet.line} runs`, async (t) => {
    const { code, output } = await run(project(t, [snippet]), ['--import=tsx', moduleName(snippet)])
    t.is(code, 0, output)
    if (snippet.prints.length > 0) t.deepEqual(output.trimEnd().split('\n'), snippet.prints)
  })
}

test('a block that does not compile is found, at its name', async (t) => {
  const [snippet] = readSnippets(makeTree(t, { 'a.md': '```ts\nconst a: number = ""\n```\n' }), 'a.md')
  const { code, output } = await run(project(t, [snippet!]), [compiler])
  t.not(code, 0)
  t.regex(output, /a-2\.ts\(1,7\): error TS2322/)
})

test('takes out blocks of TypeScript alone, with what they promise', (t) => {
  const root = makeTree(t, {
    'a.md': [
      'text',
      '```sh\nrun\n```',
      '- item\n  ```ts run\n  a() // prints: 1\n    b()\n  ```',
      '````ts\n`a`\n```\n````',
    ].join('\n'),
  })
  t.deepEqual(readSnippets(root, 'a.md'), [
    { file: 'a.md', line: 7, code: 'a() // prints: 1\n  b()\n', mustRun: true, prints: ['1'] },
    { file: 'a.md', line: 11, code: '`a`\n```\n', mustRun: false, prints: [] },
  ])
  t.throws(() => readSnippets(makeTree(t, { 'a.md': '```ts\n' }), 'a.md'), { message: /^a\.md:1 opens/ })
  t.throws(() => readSnippets(makeTree(t, { 'a.md': '```ts later\n```' }), 'a.md'), { message: /"later"/ })
})
