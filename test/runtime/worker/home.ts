/**
 * A real system for tests of threads, and a record of what happens in it. Every test that is given one ends with the same
 * check: all actors and all threads end, and no timer and no failure that nobody looked at is left.
 *
 * Threads are real, so time is as well: tests wait for events (an answer, an end), and never for time.
 */
import type { ExecutionContext, Implementation, TestFn } from 'ava'
import {
  type ActorSystem,
  type Context,
  codeOf,
  createSystem,
  type Deferred,
  type EndReason,
  type Log,
  type Ref,
  type System,
  type SystemEventMap,
  type SystemOptions,
} from 'greenroom'
import { checkLeaks } from 'greenroom/testing'
import { livingThreads } from '../../../runtime/worker/worker-thread.ts'

/** How many threads live just now. */
export function threadsAlive(): number {
  return livingThreads().size
}

export class Home {
  readonly system: ActorSystem
  readonly ctx: Context<typeof System>
  /** What happened, one line each: `deadLetter counter add unhandled`. Paths without the system's name. */
  readonly log: string[] = []
  /** Lines that were logged: level, text, fields. */
  readonly lines: (readonly [level: string, text: string, fields: Readonly<Record<string, unknown>>])[] = []
  /** Failures that nobody looked at. A test that causes some takes them out. */
  readonly unobserved: unknown[] = []
  /** Threads that were there before. */
  private readonly others = new Set(livingThreads())

  constructor(options: SystemOptions = {}) {
    const at =
      (level: string) =>
      (fields: object, text = '') =>
        void this.lines.push([level, text, { ...fields }])
    const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    // Threads take their time to start where much else runs.
    this.system = createSystem({ log, limits: { askTimeoutMs: 60_000 }, ...options })
    this.ctx = this.system.ctx
    const { events } = this.system
    const note = (what: string, ref: Ref, ...more: unknown[]) =>
      void this.log.push([what, nameOf(ref), ...more].join(' '))
    events.on('failed', ({ ref, error }) => note('failed', ref, codeOf(error)))
    events.on('restarted', ({ ref, restarts }) => note('restarted', ref, restarts))
    events.on('stopped', ({ ref, reason }) => note('stopped', ref, endOf(reason)))
    events.on('deadLetter', ({ ref, event, reason }) => note('deadLetter', ref, event.type, reason))
    events.on('unobserved', ({ error }) => void this.unobserved.push(error))
  }

  get spawn(): ActorSystem['spawn'] {
    return this.system.spawn
  }

  /** The lines of the record that begin so, without that beginning. */
  told(what: string): string[] {
    return this.log.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  }

  /** The next event of a kind. */
  next<Name extends keyof SystemEventMap>(name: Name): Promise<SystemEventMap[Name][0]> {
    return new Promise((resolve) => {
      this.system.events.once(name, resolve as never)
    })
  }

  /** Ends everything and checks that nothing is left. */
  async end(t: ExecutionContext): Promise<void> {
    await this.system.stop({ graceMs: 5_000 })
    t.deepEqual(
      [...livingThreads()].filter((thread) => !this.others.has(thread)),
      [],
      'no thread is left',
    )
    t.notThrows(() => checkLeaks(this.system))
    t.deepEqual(this.unobserved, [], 'no failure went unseen')
  }
}

/** A test's body with a home of its own, which is empty again in the end. For `test.serial`: threads are counted. */
export function atHome(
  body: (t: ExecutionContext, home: Home) => void | Promise<void>,
  options: SystemOptions = {},
): Implementation<[]> {
  return async (t) => {
    const home = new Home(options)
    // What waits for a thread's end alone keeps no process: a test does.
    const held = setInterval(ignore, 60_000)
    try {
      await body(t, home)
      await home.end(t)
    } finally {
      clearInterval(held)
      await home.system.stop({ graceMs: 0 })
    }
  }
}

/** One home for the tests of a file that harm no thread; it is empty again after the last of them. */
export function sharedHome(test: TestFn): Home {
  const home = new Home()
  const held = setInterval(ignore, 60_000)
  test.after.always('nothing is left', async (t) => {
    clearInterval(held)
    await home.end(t)
  })
  return home
}

/** What it fails with. */
export async function failureOf(deferred: Deferred<unknown> | Promise<unknown>): Promise<unknown> {
  try {
    await deferred
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}

/** Each one's value, or its error's code. */
export function outcomes(deferreds: readonly Deferred<unknown>[]): Promise<unknown[]> {
  return Promise.all(deferreds.map((deferred) => deferred.then((value) => value, codeOf)))
}

/** The path without the system's name. */
export function nameOf(ref: Ref): string {
  return ref.path.slice(ref.path.indexOf('/') + 1)
}

/** An end in a word or two: `done 5`, `stopped`, `failed THREAD_EXITED`. */
export function endOf(reason: EndReason): string {
  if (reason.kind === 'done') return `done ${String(reason.output)}`
  return reason.kind === 'failed' ? `failed ${codeOf(reason.error)}` : reason.kind
}

export function ignore(): void {}
