/** A module for threads in plain JavaScript. */
import { threadId } from 'node:worker_threads'
import { behaviour } from 'greenroom'

export const adder = behaviour({
  initial: 'adding',
  data: (start) => ({ sum: start }),
  states: {
    adding: {
      add: ({ data }, { n }) => {
        data.sum += n
        return data.sum
      },
      isElsewhere: () => threadId > 0,
      exit: () => process.exit(3),
    },
  },
})
