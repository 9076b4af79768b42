/** A module for threads: an actor that tells, asks and watches actors at home. */
import { type Ask, behaviour, type Context, key, type Ref } from 'greenroom'

export type ProgressEvent = { type: 'progress'; done: number } | Ask<{ type: 'price'; of: string }, number>
export const Progress = key<Ref<ProgressEvent>, 'progress'>('progress')

export const reporter = behaviour({
  initial: 'on',
  needs: [Progress],
  states: {
    on: {
      work: (_, { steps }: { steps: number }, ctx: Context<typeof Progress>) => {
        const offers: string[] = []
        for (let done = 1; done <= steps; done++)
          offers.push(ctx.get(Progress).send(ctx, { type: 'progress', done }))
        return offers
      },
      price: async (_, { of }: { of: string }, ctx: Context<typeof Progress>) =>
        2 * (await ctx.get(Progress).ask(ctx, { type: 'price', of })),
      path: (_, _event: object, ctx: Context<typeof Progress>) => ctx.get(Progress).path,
      back: ({ sender, ctx }) => (sender as Ref<{ type: 'back' }> | undefined)?.send(ctx, { type: 'back' }),
      watch: async (_, _event: object, ctx: Context<typeof Progress>) => {
        const { reason } = await ctx.get(Progress).watch(ctx)
        return reason
      },
    },
  },
})
