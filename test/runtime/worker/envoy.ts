/** A module for threads: an actor that says to an actor at home what it is told to. */
import { type AnyEvent, behaviour, type Context, codeOf, Deferred, key, type Ref } from 'greenroom'

export const Home = key<Ref<AnyEvent>, 'home'>('home')

type Has = Context<typeof Home>

export const envoy = behaviour({
  initial: 'on',
  needs: [Home],
  data: () => ({ down: 'none', goOn: new Deferred<void>(), watched: undefined as unknown }),
  states: {
    on: {
      path: (_, _event: object, ctx: Has) => ctx.get(Home).path,
      send: (_, { event }: { event: AnyEvent }, ctx: Has) => ctx.get(Home).send(ctx, event),
      ask: (_, { event, timeoutMs }: { event: AnyEvent; timeoutMs?: number }, ctx: Has) =>
        ctx.get(Home).ask(ctx, event, timeoutMs === undefined ? {} : { timeoutMs }),
      /** Gives what it fails with, as it is seen here. */
      askCode: async (_, { event }: { event: AnyEvent }, ctx: Has) => {
        try {
          return await ctx.get(Home).ask(ctx, event)
        } catch (error) {
          const { name, message, cause } = error as Error
          return { name, code: codeOf(error), message, cause: codeOf(cause) }
        }
      },
      /** Says what cannot be cloned. */
      sendSecret: (_, _event: object, ctx: Has) =>
        ctx.get(Home).send(ctx, { type: 'note', value: () => 'secret' }),
      askSecret: (_, _event: object, ctx: Has) =>
        ctx.get(Home).ask(ctx, { type: 'note', value: () => 'secret' }),
      sendMany: (_, { count }: { count: number }, ctx: Has) =>
        Array.from({ length: count }, (_, value) => ctx.get(Home).send(ctx, { type: 'note', value })),
      /** Says what has a type that is no text, as messages and as questions. Gives what those fail with. */
      sayNameless: async (_, _event: object, ctx: Has) => {
        const home = ctx.get(Home)
        const trap = {
          get type(): string {
            throw new Error('a trap')
          },
        }
        const nameless = [{ type: Symbol('x') as never }, trap]
        for (const event of nameless) home.send(ctx, event)
        home.send(ctx, { type: 'note', value: 1 })
        const failures = nameless.map((event) => failureOf(home.ask(ctx, event)))
        return (await Promise.all(failures)).map(
          (error) => `${codeOf(error)} ${/^".*" to/.exec((error as Error).message)}`,
        )
      },
      watch: async (_, _event: object, ctx: Has) => {
        const { reason } = await ctx.get(Home).watch(ctx)
        return reason
      },
      watchOnly: ({ data }, _event: object, ctx: Has) => {
        data.watched = ctx.get(Home).watch(ctx)
      },
      stop: (_, { reason }: { reason: unknown }, ctx: Has) => ctx.get(Home).stop(reason),
      /** By its own mailbox: a `down`, as from any actor. */
      watchFor: ({ watch }, _event: object, ctx: Has) => watch(ctx.get(Home)),
      down: ({ data }, { reason }: AnyEvent) => {
        data.down = reason.kind
      },
      downs: ({ data }) => data.down,
      /** Asks when it is told to go on. */
      askLater: async ({ data }, { event }: { event: AnyEvent }, ctx: Has) => {
        await data.goOn
        return ctx.get(Home).ask(ctx, event)
      },
      goOn: ({ data }) => void data.goOn.resolve(),
      none: () => 0,
      isAlive: (_, _event: object, ctx: Has) => ctx.get(Home).isAlive,
      answer: ({ sender, ctx }) => sender?.send(ctx as never, { type: 'note', value: 'back' } as never),
      exit: (): number => process.exit(1),
    },
  },
})

async function failureOf(question: Deferred<unknown>): Promise<unknown> {
  try {
    return await question
  } catch (error) {
    return error
  }
}
