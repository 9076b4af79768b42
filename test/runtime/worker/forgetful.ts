/** A module for threads: an actor that holds the senders of its messages until it is told to forget them. */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AnyEvent, behaviour, type Ref } from 'greenroom'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export const forgetful = behaviour({
  initial: 'on',
  data: () => ({ held: [] as Ref<AnyEvent>[] }),
  states: {
    on: {
      glance: () => undefined,
      /** Raises flag 0, and fails when flag 1 is raised; until then its thread takes nothing in. */
      failLater: (_, { of }: { of: Int32Array }): number => {
        Atomics.store(of, 0, 1)
        Atomics.notify(of, 0)
        Atomics.wait(of, 1, 0)
        throw new Error('it broke')
      },
      hold: ({ data, sender }) => data.held.push(sender as Ref<AnyEvent>),
      /** What nobody holds any more, home is told in the rounds after the collection. */
      forget: async ({ data }) => {
        data.held = []
        for (let round = 0; round < 3; round++) {
          await roundOfNode()
          collect()
        }
        await roundOfNode()
      },
      collect: async () => {
        collect()
        await roundOfNode()
      },
      tellHeld: ({ data, ctx }, { value }: { value: unknown }) =>
        data.held.map((ref) => ref.send(ctx, { type: 'note', value })),
    },
  },
})
