/**
 * A worker thread of the operating system: how it is started, and how its end is told.
 *
 * Rules: its callbacks only report. The end is told once, when the thread is gone and all that it has sent is here.
 */
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads'
import { type Batch, Link } from './link.ts'

/** What the module is told that runs on the thread: see `thread-main.ts`. */
export interface ThreadData {
  /** URLs: of what runs the thread, and of the user's module. */
  readonly entry: string
  readonly module: string
  /** URLs of what that imports at run time. */
  readonly imports: readonly string[]
  /** The name under which the module exports the actor's logic. */
  readonly exported: string
  /** The path of the actor at home; its actor here has the same. */
  readonly path: string
  readonly port: MessagePort
  /** Cells of its `BegunNote`. */
  readonly begun: Int32Array<SharedArrayBuffer>
  readonly credits: number
  readonly limits: Readonly<Record<string, number>>
}

/** What Node's `Worker` takes and we pass on. */
export interface WorkerOptions {
  /** In megabytes. A thread that reaches them ends, and its actor fails with `THREAD_OUT_OF_MEMORY`. Default: Node's. */
  readonly resourceLimits?: ResourceLimits
  /** Of the thread. Default: a copy of this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** Added to the thread's `process.argv`. */
  readonly argv?: readonly string[]
  /** Modules that the thread's own module will import by itself: named here they may be TypeScript too. Default: none. */
  readonly imports?: readonly URL[]
}

/** How a thread has ended. */
export interface ThreadEnd {
  readonly exitCode: number
  /** What nobody caught. */
  readonly error: unknown
}

export interface WorkerThreadEvents {
  readonly onBatch: (batch: Batch) => void
  readonly onEnd: (end: ThreadEnd) => void
}

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const BOOTSTRAP = new URL('./bootstrap.js', import.meta.url)
const ENTRY = new URL(`./thread-main${EXTENSION}`, import.meta.url).href

/**
 * Those of this process that were started here and have not exited: for checks that none is left. Node tells of new workers as
 * well (`process.on('worker')`), but also of its own, and that at any time.
 */
const living = new Set<WorkerThread>()

/** @internal */
export function livingThreads(): ReadonlySet<object> {
  return living
}

export class WorkerThread {
  readonly link: Link
  private readonly worker: Worker
  private readonly onEnd: (end: ThreadEnd) => void
  private error: unknown = undefined
  private exitCode: number | undefined = undefined
  private isLinkClosed = false

  constructor(
    data: Omit<ThreadData, 'entry' | 'port' | 'imports'>,
    { resourceLimits, env, argv, imports = [] }: WorkerOptions,
    { onBatch, onEnd }: WorkerThreadEvents,
  ) {
    this.onEnd = onEnd
    const { port1, port2 } = new MessageChannel()
    this.link = new Link(port1, onBatch, () => {
      this.isLinkClosed = true
      this.tellEnd()
    })
    // It is the worker that keeps the process alive, or does not.
    this.link.unref()
    this.worker = new Worker(BOOTSTRAP, {
      workerData: { ...data, imports: imports.map(({ href }) => href), entry: ENTRY, port: port2 },
      transferList: [port2],
      name: data.exported,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(env === undefined ? {} : { env }),
      ...(argv === undefined ? {} : { argv: [...argv] }),
    })
    living.add(this)
    this.worker.on('error', (error) => {
      this.error ??= error
    })
    this.worker.on('exit', (exitCode) => {
      living.delete(this)
      this.exitCode = exitCode
      this.tellEnd()
    })
  }

  /** Whether it keeps the process alive. */
  set isHeld(isHeld: boolean) {
    if (isHeld) this.worker.ref()
    else this.worker.unref()
  }

  /** Ends it now, whatever it does. */
  terminate(): void {
    void this.worker.terminate()
  }

  private tellEnd(): void {
    const { exitCode, error } = this
    if (exitCode !== undefined && this.isLinkClosed) this.onEnd({ exitCode, error })
  }
}
