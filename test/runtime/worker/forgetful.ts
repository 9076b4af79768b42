/** A module for threads: an actor that holds the senders of its messages until it is told to forget them. */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AnyEvent, behaviour, codeOf, type Ref } from 'greenroom'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export const forgetful = behaviour({
  initial: 'on',
  data: () => ({ held: [] as Ref<AnyEvent>[], downs: [] as string[] }),
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
      /** Watches its sender, and waits no longer. */
      watchInVain: ({ sender, ctx }, { how }: { how: 'cancelled' | 'ended' | 'over' }) => {
        const [own, end] = ctx.withCancel()
        if (how === 'over') end()
        const down = (sender as Ref<AnyEvent>).watch(own as never)
        down.listen(ignore, ignore)
        if (how === 'ended') end()
        if (how === 'cancelled') down.cancel()
        return down.status
      },
      /** Watches its sender, and holds nothing of it. */
      watch: ({ data, sender }) =>
        (sender as Ref<AnyEvent>).watch().listen(({ reason }) => void data.downs.push(reason.kind), ignore),
      downs: ({ data }) => data.downs,
      /** What its sender is seen as. */
      look: async ({ data, sender, ctx }) => {
        const ref = sender as Ref<AnyEvent>
        const event = { type: 'note' }
        return {
          isAlive: ref.isAlive,
          offer: ref.send(ctx, event),
          code: await ref.ask(ctx, event).then(() => 'answered', codeOf),
          reason: ref.isAlive ? undefined : (await ref.watch(ctx)).reason,
          isHeld: data.held.includes(ref),
        }
      },
      tellHeld: ({ data, ctx }, { value }: { value: unknown }) =>
        data.held.map((ref) => ref.send(ctx, { type: 'note', value })),
    },
  },
})

function ignore(): void {}
