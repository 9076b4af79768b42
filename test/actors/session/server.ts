/** Conversations in lines in a simulation: a listener, and hands for peers that read or do not. */
import type { ExecutionContext } from 'ava'
import type { System } from 'greenroom'
import { type LineOptions, line } from 'greenroom/actors'
import type { MemoryClient, MemoryClientOptions, SimulationOptions } from 'greenroom/testing'
import type { ListenConfig } from '../../../actors/connection/listener.ts'
import { ConversationListener } from '../conversation-listener.ts'

export interface Config extends Omit<Partial<ListenConfig<typeof System>>, 'protocol'> {
  readonly simulation?: SimulationOptions
}

export class LineServer extends ConversationListener {
  listen<Out>(options: LineOptions<Out, never>, { simulation: _, ...config }: Config): Promise<void> {
    return this.begin({ protocol: line(options) as never, ...config })
  }

  /** A client whose conversation has begun. */
  async opened(options?: MemoryClientOptions): Promise<MemoryClient> {
    const client = this.connect(options)
    await this.settle()
    return client
  }
}

/** A test's body with a server of its own; in the end nothing of it may be left, and nothing may have been lost unnoticed. */
export function served<Out = string>(
  options: LineOptions<Out, never>,
  body: (t: ExecutionContext, server: LineServer) => Promise<void>,
  config: Config & { readonly deadLetters?: readonly string[] } = {},
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const { deadLetters = [], ...rest } = config
    const server = new LineServer(rest.simulation)
    await server.listen(options, rest)
    await body(t, server)
    await server.end()
    t.deepEqual(server.deadLetters, deadLetters)
  }
}
