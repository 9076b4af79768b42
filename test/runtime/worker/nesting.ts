/** A module for threads, whose actor has a thread of its own; and a logic that is an actor on another thread altogether. */
import { behaviour, onThread, type Ref, threadModule } from 'greenroom'

const module = threadModule<typeof import('./faulty.ts')>(new URL('./faulty.ts', import.meta.url))

/** Has a child on a thread below. */
export const outer = behaviour({
  initial: 'on',
  data: () => ({
    inner: undefined as Ref<{ type: 'add'; n: number } | { type: 'exit'; code: number }> | undefined,
  }),
  start: (scope, ctx) => {
    scope.data.inner = scope.spawn(ctx, onThread(module, 'faulty'), { name: 'inner', restart: 'permanent' })
  },
  states: {
    on: {
      add: ({ data, ctx }, { n }: { n: number }) => data.inner?.ask(ctx, { type: 'add', n }),
      exit: ({ data, ctx }) => data.inner?.ask(ctx, { type: 'exit', code: 1 }),
    },
  },
})

/** Runs on the thread below, for which the one in between only passes on. */
export const passing = onThread(module, 'faulty')
