/** Law: actions fit machines that are declared as always; what does not fit does not compile. Never run. */
import { assign, createMachine, enqueueActions, setup } from 'xstate'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { postpone } from '../../../runtime/system/postpone.ts'
import type { Ask, Ref } from '../../../runtime/system/ref.ts'
import { askFor, reply, tell } from '../../../runtime/system/xstate-actions.ts'

type Said = { readonly type: 'say'; readonly text: string } | { readonly type: 'leave' }
declare const room: Ref<Said>
declare const library: Ref<Ask<{ type: 'find'; title: string }, number>>

interface Visit {
  readonly room: Ref<Said>
  readonly name: string
}

export const guest = setup({
  types: {
    context: {} as Visit,
    input: {} as Visit,
    events: {} as
      | { type: 'greet'; text: string }
      | { type: 'ask' }
      | { type: 'found'; output: number }
      | { type: 'missed'; error: unknown },
  },
  actions: {
    greet: tell(room, { type: 'say', text: 'hello' }),
    repeat: tell(
      ({ context }) => context.room,
      ({ context, event }) => ({
        type: 'say',
        text: `${context.name}: ${event.type === 'greet' ? event.text : ''}`,
      }),
    ),
    shout: tell(room, (_args, { loud }: { loud: boolean }) => ({
      type: 'say',
      text: loud ? 'HELLO' : 'hello',
    })),
    answer: reply(({ context }) => context.name),
    later: reply(() => Deferred.of(5)),
    number: reply(5),
    find: askFor({
      of: library,
      event: ({ context }) => ({ type: 'find', title: context.name }),
      onDone: 'found',
      onError: 'missed',
      timeoutMs: 50,
    }),
    postpone,
  },
}).createMachine({
  context: ({ input }) => input,
  entry: [tell(room, { type: 'leave' }), 'greet', { type: 'shout', params: { loud: true } }],
  on: {
    greet: {
      actions: [
        'repeat',
        tell(room, ({ event }) => ({ type: 'say', text: event.text })),
        // An event of this transition, not of any.
        // @ts-expect-error: `greet` has no output
        tell(room, ({ event }) => ({ type: 'say', text: event.output })),
      ],
    },
    ask: { actions: ['answer', 'find', reply(({ context }) => context.room), postpone] },
    found: {
      actions: [
        reply(({ event }) => event.output + 1),
        enqueueActions(({ enqueue }) => {
          enqueue('postpone')
          enqueue(tell(room, { type: 'leave' }))
        }),
        assign({ name: ({ event }) => `${event.output}` }),
      ],
    },
  },
})

export const plain = createMachine({
  entry: askFor({ of: library, event: { type: 'find', title: 'Emma' }, onDone: 'found' }),
  on: { found: { actions: [reply(({ event }) => event.output), tell(room, { type: 'leave' }), postpone] } },
})

// @ts-expect-error: a room is not told that
tell(room, { type: 'shout' })
// @ts-expect-error: a text is wanted
tell(room, { type: 'say' })
// @ts-expect-error: a library is not told that
tell(() => library, { type: 'say', text: 'hello' })
// @ts-expect-error: a title is wanted
askFor({ of: library, event: { type: 'find' }, onDone: 'found' })
// @ts-expect-error: what comes of it has to be called something
askFor({ of: library, event: { type: 'find', title: 'Emma' } })
