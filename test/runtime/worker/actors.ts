/** A module for threads, and for home: the same actors are spawned on both sides. */
import { setup } from 'xstate'
import {
  type Ask,
  behaviour,
  type Context,
  Deferred,
  jsonCodec,
  key,
  OverloadError,
  receiving,
} from '../../../runtime/index.ts'

export const Tenant = key<string, 'tenant'>('tenant', { codec: jsonCodec(String) })
export const Locale = key<string, 'locale'>('locale', { codec: jsonCodec(String) })
/** Opened on each thread, and at home by the test. */
export const Store = key<{ readonly name: string }, 'store'>('store')

export const threadKeys = [Locale]
export const threadContext = async (ctx: Context) => ctx.with(Store, { name: 'opened on the thread' })

export const table = behaviour({
  initial: 'open',
  data: (input: { start: number } | undefined) => ({ sum: input?.start ?? 0, told: [] as number[] }),
  states: {
    open: {
      add: ({ data }, { n }: { n: number }) => {
        data.sum += n
        return data.sum
      },
      later: async ({ data }, { n }: { n: number }) => {
        await null
        return data.sum + n
      },
      tell: ({ data }, { n }: { n: number }) => void data.told.push(n),
      told: ({ data }) => data.told,
      fail: (): number => {
        throw new RangeError('it broke', { cause: new TypeError('deep down') })
      },
      failLater: async (): Promise<number> => {
        await null
        throw new OverloadError('TOO_MUCH', 'there is too much of it')
      },
      /** Raises the first flag when it has begun, the second when it is called off. */
      flag: (_, { of }: { of: Int32Array }): Deferred<string> => {
        const answer = new Deferred<string>(() => raise(of, 1))
        raise(of, 0)
        return answer
      },
      /** The same, by its context. */
      flagContext: (_, { of }: { of: Int32Array }, ctx: Context): Deferred<string> => {
        ctx.onCancel(() => raise(of, 1))
        raise(of, 0)
        return new Deferred<string>()
      },
      remaining: (_, _event: object, ctx: Context) => ctx.remainingMs,
      trace: (_, _event: object, ctx: Context) => ctx.trace.traceId,
      values: (_, _event: object, ctx: Context) => [
        ctx.find(Tenant),
        ctx.find(Locale),
        ctx.find(Store)?.name,
      ],
      close: ({ become }) => become('closed'),
      stop: ({ stop }) => stop('it was told to'),
    },
    closed: {},
  },
})

export const needing = behaviour({
  initial: 'on',
  needs: [Tenant, Store],
  states: {
    on: {
      who: (_, _event: object, ctx: Context<typeof Tenant | typeof Store>) =>
        `${ctx.get(Tenant)}, ${ctx.get(Store).name}`,
    },
  },
})

type Conversation =
  | { type: 'login'; name: string }
  | Ask<{ type: 'say'; text: string }, string>
  | { type: 'leave' }

export const session = receiving<Conversation, undefined>(function* ({ receive }) {
  const { event: login } = yield* receive('login')
  for (;;) {
    const { event, reply } = yield* receive('say', 'leave')
    if (event.type === 'leave') return
    reply(`${login.name}: ${event.text}`)
  }
})

export const toggle = setup({ types: { events: {} as { type: 'toggle' } | { type: 'end' } } }).createMachine({
  initial: 'off',
  output: { ended: true },
  states: {
    off: { on: { toggle: 'on' } },
    on: { on: { toggle: 'off', end: 'over' } },
    over: { type: 'final' },
  },
})

function raise(flags: Int32Array, index: number): void {
  Atomics.store(flags, index, 1)
  Atomics.notify(flags, index)
}
