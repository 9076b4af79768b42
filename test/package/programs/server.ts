/** What a user writes in strict TypeScript: as server.js, with typed events and replies, and a clock for tests. */

import { behaviour, createSystem, type Deferred } from 'greenroom'
import { http, listen, text } from 'greenroom/actors'
import { createManualClock } from 'greenroom/testing'

interface Visit {
  readonly type: 'visit'
  readonly by: string
}

const system = createSystem()

const counter = system.spawn(
  system.ctx,
  behaviour({
    initial: 'counting',
    data: () => ({ visits: 0 }),
    states: {
      counting: {
        visit: ({ data }, _event: Visit): number => {
          data.visits += 1
          return data.visits
        },
      },
    },
  }),
)

const listener = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({
    respond: async (ctx, request) => {
      const visits: Deferred<number> = counter.ask(ctx, { type: 'visit', by: request.path })
      return text(`Hello, visitor ${await visits}!`)
    },
  }),
})

const response = await fetch(`http://127.0.0.1:${listener.port}/`)
console.log(`strict TypeScript: ${response.status} ${await response.text()}`)
await system.stop()

const clock = createManualClock()
if (clock.pending !== 0) throw new Error('a new clock has timers')

/** Never called: these lines must not compile. */
export function mistakes(): void {
  // @ts-expect-error an event that the actor does not know
  counter.send(system.ctx, { type: 'visti' })
  // @ts-expect-error a field that is missing
  counter.send(system.ctx, { type: 'visit' })
  // @ts-expect-error a reply of another type
  const wrong: Deferred<string> = counter.ask(system.ctx, { type: 'visit', by: 'me' })
  void wrong
}
