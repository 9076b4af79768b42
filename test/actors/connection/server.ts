/** A listener with a protocol of the test's own in a simulation, and a record of what its connections go through. */
import type { ExecutionContext } from 'ava'
import type { Context, DeadLetter, EndReason, Ref, System } from 'greenroom'
import { type Connection, type Listening, listen, type Protocol } from 'greenroom/actors'
import {
  createSimulation,
  type MemoryClient,
  type MemoryClientOptions,
  type Simulation,
  type SimulationOptions,
} from 'greenroom/testing'
import type { ListenConfig } from '../../../actors/connection/listener.ts'
import { describe } from '../../../runtime/errors.ts'

export type Converse = (ctx: Context, connection: Connection) => Generator<void, void, void>

export interface Options extends Omit<Partial<ListenConfig<typeof System>>, 'protocol'> {
  readonly simulation?: SimulationOptions
}

/** Sends everything back, as fast as the peer takes it, until the peer's end. */
export function* echo(_ctx: Context, connection: Connection): Generator<void, void, void> {
  const { input } = connection
  for (;;) {
    while (connection.isBlocked || input.available === 0) {
      if (input.ended && input.available === 0) return
      yield
    }
    connection.write(input.takeSome(65_536))
  }
}

export class TestListener {
  readonly simulation: Simulation
  readonly logged: { readonly level: string; readonly message: string }[] = []
  /** How actors ended, in order: `connection done`, `failed boom`. */
  readonly ends: string[] = []
  readonly deadLetters: string[] = []
  /** The connections' actors, in order of birth. */
  readonly actors: Ref[] = []
  listening!: Listening

  constructor(options: SimulationOptions = {}) {
    const at = (level: string) => (_fields: object, message: string) =>
      void this.logged.push({ level, message })
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    this.simulation = createSimulation({ log, ...options })
    const { events } = this.simulation.system
    events.on('spawned', ({ ref }) => {
      if (this.listening !== undefined) this.actors.push(ref)
    })
    events.on('stopped', ({ reason }) => void this.ends.push(endOf(reason)))
    events.on(
      'deadLetter',
      ({ event, reason }: DeadLetter) => void this.deadLetters.push(`${event.type} ${reason}`),
    )
  }

  async listen(converse: Converse, { simulation: _, ...config }: Options): Promise<void> {
    const protocol: Protocol<typeof System> = { name: 'test', converse: converse as never }
    const listening = listen(this.simulation.ctx, { endpoint: 'tcp:127.0.0.1:80', protocol, ...config })
    this.listening = await this.simulation.waitFor(listening)
  }

  connect(options?: MemoryClientOptions): MemoryClient {
    return this.simulation.network.connect(this.listening.address, options)
  }

  /** A client whose connection has begun, and the connection's actor. */
  async opened(options?: MemoryClientOptions): Promise<{ client: MemoryClient; actor: Ref }> {
    const client = this.connect(options)
    await this.settle()
    return { client, actor: this.actors.at(-1) as Ref }
  }

  settle(): Promise<void> {
    return this.simulation.settle()
  }

  advance(ms: number): Promise<void> {
    return this.simulation.advance(ms)
  }
}

/** A test's body with a listener of its own; in the end nothing of it may be left. */
export function listened(
  converse: Converse,
  options: Options,
  body: (t: ExecutionContext, server: TestListener) => Promise<void>,
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const server = new TestListener(options.simulation)
    await server.listen(converse, options)
    await body(t, server)
    await server.simulation[Symbol.asyncDispose]()
  }
}

/** The name of the state in which an actor is. */
export function stateOf({ actor }: Ref): unknown {
  return (actor.getSnapshot() as { value?: unknown }).value
}

function endOf(reason: EndReason): string {
  return reason.kind === 'failed' ? `failed ${describe(reason.error)}` : reason.kind
}
