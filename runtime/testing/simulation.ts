/**
 * A system whose time, network and chance belong to the test: a manual clock, a memory network, a seed. Nothing runs
 * but when the test says so, and the same program with the same seed does the same again, line by line of its trace.
 *
 * What "the same" rests on: turns are stepped by hand, and after each of them asynchronous code runs until it waits for
 * the next. So the order of a turn, of what promises make of it, and of the next turn is fixed. Code that waits for
 * something outside of the simulation (a file, a real socket, a thread) is outside of this promise.
 */
import type { Context } from '../context/context.ts'
import { type Log, silentLog } from '../context/log.ts'
import { createSeededRandom, type Random } from '../context/random.ts'
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Turn } from '../loop/turn.ts'
import type { Ref } from '../system/ref.ts'
import { type ActorSystem, createSystem, type StopOptions, type System } from '../system/system.ts'
import type { Inspector } from '../system/xstate-root.ts'
import { nodeHost } from '../time/host.ts'
import { createManualClock, type ManualClock } from '../time/manual-clock.ts'
import { SimulationError } from './errors.ts'
import { checkLeaks } from './leaks.ts'
import { TURNS_AT_ONE_INSTANT_MAX, WAIT_MS_DEFAULT } from './limits.ts'
import type { MemoryFaults } from './memory-manners.ts'
import { createMemoryNetwork, type MemoryNetwork } from './memory-network.ts'
import { TraceRecorder } from './trace.ts'

export interface SimulationOptions {
  /** What all chance comes from, the network's faults included. Default 1. */
  readonly seed?: number
  /** The first part of every path. Default `greenroom`. */
  readonly name?: string
  /** Bounds other than the defaults. */
  readonly limits?: Partial<Limits>
  /** Milliseconds that everything takes on the network, in each direction. Default 0. */
  readonly latencyMs?: number
  /** What goes wrong on the network, drawn from the seed. Default: nothing. */
  readonly faults?: MemoryFaults
  /** Gets what is logged. It is part of the trace in any case. Default: nobody else gets it. */
  readonly log?: Log
  /** Sees everything that happens, by xstate's inspection. */
  readonly inspect?: Inspector
}

export interface WaitOptions {
  /** Simulated milliseconds that may pass. Default 3,600,000: an hour. */
  readonly withinMs?: number
}

/** Its functions may be taken out: `const { system, ctx, settle } = createSimulation()`. */
export interface Simulation extends AsyncDisposable {
  readonly seed: number
  readonly system: ActorSystem
  /** The system's context. */
  readonly ctx: Context<typeof System>
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  /** The source that the system draws from. The network has one of its own, so that a draw more here changes no fault. */
  readonly random: Random
  /** What happened so far: turns, transfers, what was sent, logged and not delivered. At most 100,000 lines. */
  readonly trace: readonly string[]
  /** The paths of the actors that live, in order of birth. */
  readonly actors: readonly string[]

  /** One turn, now, and nothing else: asynchronous code goes on when the test awaits something. */
  readonly turn: () => Turn
  /**
   * Turns, and lets asynchronous code run after each, until nothing is left to do. No time passes.
   *
   * Await this, and the three below, before anything else: one at a time (UsageError `SIMULATION_BUSY`).
   *
   * @throws SimulationError (`SIMULATION_RESTLESS`) after 10,000 turns: actors talk for ever, or a timer sets itself again
   *   without delay.
   */
  readonly settle: () => Promise<void>
  /** Lets `ms` pass, from one timer to the next, and settles at each. @throws UsageError (`CLOCK_BAD_ADVANCE`) */
  readonly advance: (ms: number) => Promise<void>
  /**
   * Gives the result of `work`, letting as much time pass as it takes, from one timer to the next.
   *
   * @throws what `work` fails with.
   * @throws SimulationError (`SIMULATION_STUCK`) if nothing is left that could bring it, or if it takes too long.
   */
  readonly waitFor: <T>(work: PromiseLike<T>, options?: WaitOptions) => Promise<T>
  /** Stops the system, letting pass what time that takes, and lets arrive what is under way on the network. */
  readonly stop: (options?: StopOptions) => Promise<void>
  /** Stops, and checks that nothing is left: `await using simulation = createSimulation()`. @throws LeakError */
  [Symbol.asyncDispose](): Promise<void>
}

export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new SteppedSystem(options)
}

class SteppedSystem implements Simulation {
  readonly seed: number
  readonly system: ActorSystem
  readonly clock = createManualClock()
  readonly network: MemoryNetwork
  readonly random: Random
  private readonly recorder = new TraceRecorder(this.clock)
  private readonly living = new Set<Ref>()
  private readonly turns: Iterator<Turn>
  private isBusy = false

  constructor(options: SimulationOptions) {
    const { seed = 1, latencyMs = 0, faults = {}, log = silentLog, ...rest } = options
    const { clock, recorder } = this
    this.seed = seed
    this.random = createSeededRandom(seed)
    this.network = createMemoryNetwork({
      clock,
      latencyMs,
      faults,
      random: createSeededRandom(this.random.nextUint32()),
      record: recorder.record,
      deferral: 'byHand',
    })
    this.system = createSystem({
      ...rest,
      clock,
      random: this.random,
      log: recorder.logTo(log),
      poller: this.network.createPoller(),
      run: false,
    })
    const { events } = this.system
    events.on('spawned', ({ ref }) => this.living.add(ref))
    events.on('stopped', ({ ref }) => this.living.delete(ref))
    recorder.listenTo(events)
    this.turns = this.system.turns()
  }

  get ctx(): Context<typeof System> {
    return this.system.ctx
  }

  get trace(): readonly string[] {
    return this.recorder.lines
  }

  get actors(): readonly string[] {
    return Array.from(this.living, ({ path }) => path)
  }

  readonly turn = (): Turn => {
    // A manual clock tells of what is due when it is moved, and of what became due since only when it is moved again.
    if (this.clock.nextDueMs <= this.clock.nowMs()) this.clock.advance(0)
    const turn = this.turns.next().value as Turn
    this.recorder.turned(turn)
    return turn
  }

  readonly settle = (): Promise<void> => this.alone(() => this.rest())

  readonly advance = (ms: number): Promise<void> =>
    this.alone(async () => {
      if (!(ms >= 0 && ms < Infinity)) {
        throw new UsageError('CLOCK_BAD_ADVANCE', `advance(ms): 0 or more milliseconds expected, ${ms} given`)
      }
      const endMs = this.clock.nowMs() + ms
      await this.rest()
      while (this.clock.nextDueMs <= endMs) await this.toNextTimer()
      this.clock.advanceTo(endMs)
    })

  readonly waitFor = <T>(
    work: PromiseLike<T>,
    { withinMs = WAIT_MS_DEFAULT }: WaitOptions = {},
  ): Promise<T> => this.alone(() => this.resultOf(work, this.clock.nowMs() + withinMs))

  readonly stop = (options?: StopOptions): Promise<void> =>
    this.alone(async () => {
      await this.resultOf(this.system.stop(options), Infinity)
      while (this.network.late > 0) await this.toNextTimer()
    })

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    checkLeaks(this)
  }

  private async resultOf<T>(work: PromiseLike<T>, endMs: number): Promise<T> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    work.then(settled, settled)
    await this.rest()
    while (!isSettled) {
      const { nextDueMs } = this.clock
      if (nextDueMs === Infinity)
        throw this.stuck('nothing is left to do and no timer waits: the result will never come')
      if (nextDueMs > endMs)
        throw this.stuck(`no result by ${endMs} ms; the next timer is due at ${nextDueMs} ms`)
      await this.toNextTimer()
    }
    return work
  }

  private toNextTimer(): Promise<void> {
    this.clock.advanceTo(this.clock.nextDueMs)
    return this.rest()
  }

  private async rest(): Promise<void> {
    for (let turns = 0; turns <= TURNS_AT_ONE_INSTANT_MAX; turns++) {
      await asynchronousCode()
      if (this.isPending) this.turn()
      else if (this.network.runDeferred() === 0) return
    }
    throw new SimulationError(
      'SIMULATION_RESTLESS',
      this.tell(`does not come to rest: more than ${TURNS_AT_ONE_INSTANT_MAX} turns without time passing`),
    )
  }

  private get isPending(): boolean {
    return this.system.reactor.isPending || this.clock.nextDueMs <= this.clock.nowMs()
  }

  private async alone<T>(run: () => Promise<T>): Promise<T> {
    if (this.isBusy) {
      throw new UsageError(
        'SIMULATION_BUSY',
        'the simulation is under way: await the last call before the next',
      )
    }
    this.isBusy = true
    try {
      return await run()
    } finally {
      this.isBusy = false
    }
  }

  private stuck(what: string): SimulationError {
    return new SimulationError('SIMULATION_STUCK', this.tell(what))
  }

  private tell(what: string): string {
    return `simulation at ${this.clock.nowMs()} ms (seed ${this.seed}): ${what}`
  }
}

/**
 * Returns when all that runs in microtasks has run, and what that queued in turn. There is no other way to know: a
 * number of awaits of our own would be outrun by one more of somebody else's.
 */
function asynchronousCode(): Promise<void> {
  return new Promise((resolve) => void nodeHost.alarm(0, resolve))
}
