/** A module for threads: actors that look at their contexts, and say what they see. */
import { behaviour, type Context, jsonCodec, key } from 'greenroom'

export const Tenant = key<string, 'tenant'>('tenant', { codec: jsonCodec(String) })
/** Asked for by the module, not by a logic. */
export const Locale = key<string, 'locale'>('locale', { codec: jsonCodec(String) })
/** Portable, and asked for by nobody. */
export const Unasked = key<string, 'unasked'>('unasked', { codec: jsonCodec(String) })
/** Local. */
export const Desk = key<string, 'desk'>('desk')
/** Opened on the thread. */
export const Store = key<string, 'store'>('store')
/** Its codec takes no "refused" to send, and no "unfit" that has come. */
export const Picky = key<string, 'picky'>('picky', {
  codec: {
    encode: (value) => (value === 'refused' ? fail('NOT_ENCODED') : value),
    decode: (text) => (text === 'unfit' ? fail('NOT_DECODED') : text),
  },
})

function fail(code: string): never {
  throw Object.assign(new Error(code), { code })
}

export const threadKeys = [Locale, Picky]
export const threadContext = (ctx: Context) => ctx.with(Store, 'opened')

export const seer = behaviour({
  initial: 'on',
  needs: [Tenant, Store],
  states: {
    on: {
      see: (_, _event: object, ctx: Context) =>
        [Tenant, Locale, Unasked, Desk, Store].map((at) => ctx.find(at)),
      picky: (_, _event: object, ctx: Context) => ctx.find(Picky),
      /** Whether its signal is aborted once its context is called off. */
      signal: async (_, { of }: { of: Int32Array }, ctx: Context) => {
        const { signal } = ctx
        signal.addEventListener('abort', () => {
          Atomics.store(of, 1, signal.reason instanceof Error ? 1 : 2)
          Atomics.notify(of, 1)
        })
        Atomics.store(of, 0, 1)
        Atomics.notify(of, 0)
        await ctx.deferred()
      },
      log: (_, { level }: { level: 'info' | 'warn' }, ctx: Context) =>
        ctx.log[level](
          {
            level,
            nested: { a: [1] },
            f: () => 5,
            error: Object.assign(new RangeError('told'), { code: 'TOLD' }),
          },
          'said',
        ),
      logAndExit: (_, _event: object, ctx: Context): number => {
        ctx.log.warn({}, 'last words')
        return process.exit(0)
      },
      failChild: ({ spawn, ctx }) => {
        const child = spawn(ctx, failing, { name: 'child' })
        child.send(ctx, { type: 'fail' })
      },
      fail: (): number => fail('FAILED'),
    },
  },
})

const failing = behaviour({ initial: 'on', states: { on: { fail: (): number => fail('CHILD') } } })
