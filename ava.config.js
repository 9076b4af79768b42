// Node 20 runs TypeScript through tsx, and only in child processes: `--import` does not reach a worker thread.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  workerThreads: false,
  timeout: '2m',
}
