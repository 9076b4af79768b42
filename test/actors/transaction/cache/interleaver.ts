/**
 * Threads of a test, as generators, interleaved at every step by a tape of numbers: at every `yield`, and within the code under
 * test at every access to shared memory. There another thread may run, for as many of its own steps, before the access is made.
 */

const ATOMIC = ['load', 'store', 'add', 'compareExchange'] as const

/** Thrown within a thread that dies at an access to shared memory. */
export class Killed extends Error {}

export interface Thread {
  readonly name: string
  /** What it runs on. Of those with the same one none runs inside another, and they die together. */
  readonly on: object
  /** Made anew after the thread has died. Each yield is a step. */
  run(): Generator<void, void, unknown>
  /** What happens after it has died. Called at once, for all that run on the same. */
  died(): Generator<void, void, unknown>
}

interface Running {
  readonly thread: Thread
  steps: Generator<void, void, unknown>
  isOver: boolean
}

export class Interleaver {
  private readonly tape: ArrayLike<number>
  private at = 0
  private readonly threads: Running[]
  /** Accesses that the next one that may die still makes; undefined while nobody is to. */
  private killIn: number | undefined = undefined
  private readonly stack: Running[] = []

  constructor(tape: ArrayLike<number>, threads: readonly Thread[]) {
    this.tape = tape
    this.threads = threads.map((thread) => ({ thread, steps: thread.run(), isOver: false }))
  }

  /** The next number of the tape, below `most`; 0 once it has ended. */
  next(most: number): number {
    const number = this.at < this.tape.length ? (this.tape[this.at] as number) : 0
    this.at += 1
    return number % most
  }

  /** The thread that calls this dies within `action`, at its access number `accesses`, if it makes so many. */
  dying(accesses: number, action: () => void): void {
    this.killIn = accesses
    try {
      action()
    } finally {
      this.killIn = undefined
    }
  }

  /** To the end of all threads. */
  run(stepsMax: number): void {
    const restore = this.patch()
    try {
      for (let steps = 0; ; steps++) {
        const ready = this.ready()
        if (ready.length === 0) return
        if (steps > stepsMax)
          throw new Error(`these never end: ${ready.map(({ thread }) => thread.name).join(', ')}`)
        // Where the tape has ended each has its turn.
        const index = this.at < this.tape.length ? this.next(ready.length) : steps % ready.length
        this.step(ready[index] as Running)
      }
    } finally {
      restore()
    }
  }

  private ready(): Running[] {
    const busy = this.stack.map(({ thread }) => thread.on)
    return this.threads.filter(({ thread, isOver }) => !isOver && !busy.includes(thread.on))
  }

  private step(running: Running): void {
    this.stack.push(running)
    try {
      running.isOver = running.steps.next().done === true
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      for (const one of this.threads) {
        if (one.thread.on !== running.thread.on || one.isOver) continue
        one.steps = one.thread.died()
      }
    } finally {
      this.stack.pop()
    }
  }

  /** Called before each access. */
  private access(): void {
    if (this.stack.length === 0) return
    if (this.killIn !== undefined) {
      if (this.killIn === 0) {
        this.killIn = undefined
        throw new Killed()
      }
      this.killIn -= 1
    }
    // Others run here; what they do is no access of the one that is to die.
    const { killIn } = this
    this.killIn = undefined
    for (let more = this.at < this.tape.length ? this.next(8) - 4 : 0; more > 0; more--) {
      const ready = this.ready()
      if (ready.length > 0) this.step(ready[this.next(ready.length)] as Running)
    }
    this.killIn = killIn
  }

  private patch(): () => void {
    const atomics = Atomics as unknown as Record<string, (...parameters: unknown[]) => unknown>
    const kept = ATOMIC.map((name) => atomics[name] as (...parameters: unknown[]) => unknown)
    for (const [i, name] of ATOMIC.entries()) {
      const original = kept[i] as (...parameters: unknown[]) => unknown
      atomics[name] = (...parameters) => {
        this.access()
        return original.apply(Atomics, parameters)
      }
    }
    return () => {
      for (const [i, name] of ATOMIC.entries())
        atomics[name] = kept[i] as (...parameters: unknown[]) => unknown
    }
  }
}
