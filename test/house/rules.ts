/**
 * The facts of the house, as data: what stands on what, and who alone may touch what.
 *
 * A path ending in `/` means everything below it. docs/architecture.md tells the reasons; this is the one list.
 */

/** From the ground up. A file imports from its own layer and from those above it in this list, never from below. */
export const layers: readonly string[] = [
  'runtime/errors.ts',
  'runtime/bounds.ts',
  'runtime/limits.ts',
  'runtime/deferred/',
  'runtime/time/',
  'runtime/context/',
  'runtime/mailbox/',
  'runtime/loop/',
  'runtime/system/',
  'runtime/worker/',
  'runtime/index.ts',
  'runtime/testing/',
  'actors/connection/',
  'actors/session/',
  'actors/',
  'examples/',
  'bench/',
  'test/',
]

/** Closed to the layers that come after it, except to those named. */
export const reserved: readonly Reserved[] = [
  {
    path: 'runtime/testing/',
    openTo: ['bench/', 'test/'],
    remedy: 'what a server needs belongs in another folder of runtime/; runtime/testing is for tests',
  },
]

export interface Reserved {
  readonly path: string
  readonly openTo: readonly string[]
  readonly remedy: string
}

/** The package's own names, and the files that they stand for. */
export const ownNames: Readonly<Record<string, string>> = {
  greenroom: 'runtime/index.ts',
  'greenroom/actors': 'actors/index.ts',
  'greenroom/sqlite': 'actors/transaction/sqlite/index.ts',
  'greenroom/postgres': 'actors/transaction/postgres/index.ts',
  'greenroom/testing': 'runtime/testing/index.ts',
}

/** Files that are shipped: they import each other by file, so that no barrel makes a cycle. */
export const shipped: readonly string[] = ['runtime/', 'actors/']

/** Where `privileges` hold, and the entries that assemble a program, which may use what they need. */
export const governed: readonly string[] = ['runtime/', 'actors/', 'examples/']
export const entries = /^examples\/(?:main|hono)\.ts$/

export interface Privilege {
  /** Modules (`node:` or not) that only `holders` import. */
  readonly modules?: RegExp
  /** Global names that only `holders` use; a dotted name is a member of a global. */
  readonly globals?: readonly string[]
  /** Prefixes of paths. */
  readonly holders: readonly string[]
  readonly remedy: string
}

export const privileges: readonly Privilege[] = [
  {
    modules: /^xstate(\/|$)/,
    holders: ['runtime/system/', 'actors/', 'examples/'],
    remedy: 'in runtime only runtime/system knows xstate: use its types, or move this there',
  },
  {
    modules: /^(comlink|(node:)?worker_threads)$/,
    holders: ['runtime/worker/'],
    remedy: 'only runtime/worker knows threads: use its refs',
  },
  {
    modules: /^(node:)?(timers|timers\/promises|perf_hooks)$/,
    globals: [
      'performance',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'AbortSignal.timeout',
      'process.hrtime',
      'process.uptime',
    ],
    holders: ['runtime/time/'],
    remedy: 'take time from the context: ctx.clock, ctx.after(ms)',
  },
  {
    globals: ['Date'],
    // A database has instants among its values, which are no reading of a clock.
    holders: ['runtime/time/', 'actors/transaction/postgres/values'],
    remedy: 'take time from the context: ctx.clock, ctx.after(ms)',
  },
  {
    globals: ['setImmediate', 'clearImmediate'],
    holders: ['runtime/time/', 'runtime/loop/node'],
    remedy: 'the loop decides when something runs: send a message, or schedule on the clock',
  },
  {
    modules: /^(node:)?(net|tls|dgram)$/,
    holders: ['runtime/loop/node', 'actors/transaction/postgres/socket'],
    remedy: "only the node poller touches libuv's callbacks: use a port of the poller",
  },
  {
    modules: /^postgres(\/|$)/,
    holders: ['actors/transaction/postgres/'],
    remedy: 'only the driver in actors/transaction/postgres knows its client: use the Session of driver.ts',
  },
  {
    globals: [
      'Math.random',
      'randomBytes',
      'randomFill',
      'randomFillSync',
      'randomInt',
      'randomUUID',
      'getRandomValues',
    ],
    holders: ['runtime/context/random'],
    remedy: "take randomness from the context's source, which a test can seed",
  },
  {
    modules: /^(better-sqlite3|node:sqlite)$/,
    holders: ['actors/transaction/sqlite/'],
    remedy: 'only the driver knows its library: use openDatabase and transactions',
  },
  {
    modules: /^(node:)?async_hooks$/,
    holders: [],
    remedy: 'nothing is ambient: pass the context',
  },
]

/** Lines of one file, above which it holds a second concept. Tests may be longer: each of theirs is read alone. */
export const linesMax = 400
export const linesGoverned: readonly string[] = ['runtime/', 'actors/', 'examples/', 'bench/']

/** True if `path` is one of `prefixes` or below it. */
export function isWithin(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix))
}
