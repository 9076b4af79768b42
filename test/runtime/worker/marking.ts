/** A module for threads: notes each message that it begins with, where home sees it. */
import { behaviour, type Context } from 'greenroom'

interface Marked {
  readonly at: number
  readonly begun: Int32Array
}

export const marking = behaviour({
  initial: 'on',
  data: () => ({ order: [] as number[] }),
  states: {
    on: {
      mark: ({ data }, { at, begun }: Marked) => {
        Atomics.add(begun, at, 1)
        data.order.push(at)
        return at
      },
      exit: (_, { at, begun }: Marked): number => {
        Atomics.add(begun, at, 1)
        return process.exit(1)
      },
      /** Dies soon, beside its messages. */
      throwLater: (_, { at, begun }: Marked, ctx: Context) => {
        Atomics.add(begun, at, 1)
        setImmediate(() => {
          throw new Error('beside')
        })
        return ctx.deferred<number>()
      },
      order: ({ data }) => data.order,
    },
  },
})
