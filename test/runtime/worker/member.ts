/** A module for the threads of a pool. */
import { threadId } from 'node:worker_threads'
import { type Ask, behaviour, receiving } from 'greenroom'

export const member = behaviour({
  initial: 'on',
  data: () => ({ count: 0 }),
  states: {
    on: {
      which: () => threadId,
      echo: (_, { value }: { value: unknown }) => value,
      count: ({ data }) => {
        data.count += 1
        return data.count
      },
      /** Raises flag 0, and keeps its thread until flag 1 is raised. */
      hold: (_, { of }: { of: Int32Array }) => {
        Atomics.store(of, 0, 1)
        Atomics.notify(of, 0)
        Atomics.wait(of, 1, 0)
        return threadId
      },
      exit: (): number => process.exit(1),
      quit: ({ stop }) => stop('enough'),
    },
  },
})

/** Answers once, and is done. */
export const once = receiving<Ask<{ type: 'turn' }, number>>(function* ({ receive }) {
  const { reply } = yield* receive('turn')
  reply(1)
})
