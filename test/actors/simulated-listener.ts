/**
 * A listener in a simulation, and the test's hands. The simulation ends with every test, which fails if an actor, a timer
 * or a port is left.
 */
import type { System } from 'greenroom'
import { type Listening, listen } from 'greenroom/actors'
import {
  createSimulation,
  type MemoryClient,
  type MemoryClientOptions,
  type Simulation,
  type SimulationOptions,
} from 'greenroom/testing'
import type { ListenConfig } from '../../actors/connection/listener.ts'

export interface Logged {
  readonly level: string
  readonly message: string
  readonly code: unknown
}

export class SimulatedListener {
  readonly simulation: Simulation
  /** What was logged, a failing actor included. */
  readonly logged: Logged[] = []
  listening!: Listening

  constructor(options: SimulationOptions = {}) {
    const at = (level: string) => (fields: object, message: string) =>
      void this.logged.push({ level, message, code: (fields as { code?: unknown }).code })
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    this.simulation = createSimulation({ log, ...options })
  }

  protected async begin(
    config: Omit<ListenConfig<typeof System>, 'endpoint'> & { endpoint?: string },
  ): Promise<void> {
    const listening = listen(this.simulation.ctx, { endpoint: 'tcp:127.0.0.1:80', ...config })
    this.listening = await this.simulation.waitFor(listening)
  }

  connect(options?: MemoryClientOptions): MemoryClient {
    return this.simulation.network.connect(this.listening.address, options)
  }

  settle(): Promise<void> {
    return this.simulation.settle()
  }

  advance(ms: number): Promise<void> {
    return this.simulation.advance(ms)
  }

  /** Fails if anything is left. */
  async end(): Promise<void> {
    await this.simulation[Symbol.asyncDispose]()
  }
}
