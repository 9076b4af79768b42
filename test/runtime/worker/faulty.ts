/** A module for threads: an actor that harms its thread in every way there is. */
import { behaviour, type Context, System } from 'greenroom'

function raise(flags: Int32Array, index: number): void {
  Atomics.store(flags, index, 1)
  Atomics.notify(flags, index)
}

export const faulty = behaviour({
  initial: 'on',
  data: () => ({ sum: 0 }),
  states: {
    on: {
      add: ({ data }, { n }: { n: number }) => {
        data.sum += n
        return data.sum
      },
      exit: (_, { code }: { code: number }) => process.exit(code),
      exitLater: () => {
        setImmediate(() => process.exit(3))
        return 'soon'
      },
      /** Nobody catches it: it is not the handler's. */
      throwLater: (_, _event: object, ctx: Context) => {
        setImmediate(() => {
          throw Object.assign(new TypeError('it broke later'), { code: 'LATER' })
        })
        return ctx.deferred<number>()
      },
      rejectLater: (_, _event: object, ctx: Context) => {
        void Promise.reject(new RangeError('nobody looked'))
        return ctx.deferred<number>()
      },
      /** Its loop ends, by what flushes at the end of the turn. */
      breakLoop: (_, _event: object, ctx: Context) => {
        ctx.find(System)?.reactor.flushLater({
          flush() {
            throw Object.assign(new Error('the loop broke'), { code: 'BROKEN' })
          },
        })
        return ctx.deferred<number>()
      },
      /** Takes memory until there is none. */
      hoard: () => {
        const hoard: string[][] = []
        for (;;) hoard.push(new Array<string>(100_000).fill('x'))
      },
      /** Raises the first flag of `of`, and loops. */
      spin: (_, { of }: { of: Int32Array }) => {
        raise(of, 0)
        for (;;);
      },
      /** Raises the first flag of `of`, and loops after it has waited. */
      spinLater: async (_, { of }: { of: Int32Array }): Promise<number> => {
        await null
        raise(of, 0)
        for (;;);
      },
      never: (_, _event: object, ctx: Context) => ctx.deferred<number>(),
      /** Goes on for ever, whoever calls it off. */
      deaf: () => new Promise<never>(() => {}),
      /** Keeps its thread from anything else for a while. Raises the flags of `of`, where there are: when it begins, and ends. */
      block: (_, { ms, of }: { ms: number; of?: Int32Array }) => {
        const flags = of ?? new Int32Array(new SharedArrayBuffer(8))
        raise(flags, 0)
        Atomics.wait(flags, 1, 0, ms)
        raise(flags, 1)
        return 'done'
      },
      /** Says something, some time later, on standard output. */
      say: (_, { text, ms }: { text: string; ms: number }) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
        console.log(text)
      },
      fail: (): number => {
        throw new TypeError('it broke')
      },
    },
  },
})
