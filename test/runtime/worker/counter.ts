/** A module for threads: logics that are good, and some that are not. */
import { behaviour, type Context } from 'greenroom'

export const counter = behaviour({
  initial: 'counting',
  data: (start: number | undefined) => ({ sum: start ?? 0 }),
  states: {
    counting: {
      add: ({ data }, { n }: { n: number }) => {
        data.sum += n
        return data.sum
      },
      crash: (): number => {
        throw new TypeError('it broke')
      },
      exit: (_, { code }: { code: number }) => process.exit(code),
      spin: () => {
        for (;;);
      },
      deadline: (_, _event: object, ctx: Context) => ctx.remainingMs,
      never: (_, _event: object, ctx: Context) => ctx.deferred<number>(),
    },
  },
})
