/** A listener with a protocol of the test's own in a simulation, and a record of what its connections go through. */
import type { ExecutionContext } from 'ava'
import type { Context, DeadLetter, EndReason, Ref, System } from 'greenroom'
import type { Connection, Protocol } from 'greenroom/actors'
import type { MemoryClient, MemoryClientOptions, SimulationOptions } from 'greenroom/testing'
import type { ListenConfig } from '../../../actors/connection/listener.ts'
import { describe } from '../../../runtime/errors.ts'
import { SimulatedListener } from '../simulated-listener.ts'

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

export class TestListener extends SimulatedListener {
  /** How actors ended, in order: `connection done`, `failed boom`. */
  readonly ends: string[] = []
  readonly deadLetters: string[] = []
  /** The connections' actors, in order of birth. */
  readonly actors: Ref[] = []

  constructor(options?: SimulationOptions) {
    super(options)
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

  listen(converse: Converse, { simulation: _, ...config }: Options): Promise<void> {
    const protocol: Protocol<typeof System> = { name: 'test', converse: converse as never }
    return this.begin({ protocol, ...config })
  }

  /** A client whose connection has begun, and the connection's actor. */
  async opened(options?: MemoryClientOptions): Promise<{ client: MemoryClient; actor: Ref }> {
    const client = this.connect(options)
    await this.settle()
    return { client, actor: this.actors.at(-1) as Ref }
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
    await server.end()
  }
}

/** The name of the state in which an actor is. */
export function stateOf({ actor }: Ref): unknown {
  return (actor.getSnapshot() as { value?: unknown }).value
}

function endOf(reason: EndReason): string {
  return reason.kind === 'failed' ? `failed ${describe(reason.error)}` : reason.kind
}
