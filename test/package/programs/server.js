// What a user writes in plain JavaScript: an actor that counts, a web server that asks it, and one request.
import { behaviour, createSystem } from 'greenroom'
import { http, listen, text } from 'greenroom/actors'

const system = createSystem()

const counter = system.spawn(
  system.ctx,
  behaviour({
    initial: 'counting',
    data: () => ({ visits: 0 }),
    states: {
      counting: {
        visit: ({ data }) => {
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
    respond: async (ctx) => {
      const visits = await counter.ask(ctx, { type: 'visit' })
      return text(`Hello, visitor ${visits}!`)
    },
  }),
})

const response = await fetch(`http://127.0.0.1:${listener.port}/`)
console.log(`plain JavaScript: ${response.status} ${await response.text()}`)
await system.stop()
