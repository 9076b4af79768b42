/** A module for threads in strict TypeScript. */
import { threadId } from 'node:worker_threads'
import { behaviour, type Context, jsonCodec, key } from 'greenroom'

export const Tenant = key<string, 'tenant'>('tenant', { codec: jsonCodec(String) })

export const adder = behaviour({
  initial: 'adding',
  needs: [Tenant],
  data: (start: number) => ({ sum: start }),
  states: {
    adding: {
      add: ({ data }, { n }: { n: number }) => {
        data.sum += n
        return data.sum
      },
      whose: (_, _event: object, ctx: Context<typeof Tenant>) => `${ctx.get(Tenant)} ${threadId > 0}`,
      exit: (): number => process.exit(3),
    },
  },
})
