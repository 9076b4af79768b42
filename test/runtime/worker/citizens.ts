/** A module for threads, and for home: actors that use what actors may use. Both sides import it. */

import {
  type AnyEvent,
  type Ask,
  behaviour,
  type Context,
  Deferred,
  type Delivered,
  postpone,
  receiving,
} from 'greenroom'
import { fromPromise, setup } from 'xstate'

/** Raises a flag that both sides see. */
function raise(of: Int32Array, index: number): void {
  Atomics.store(of, index, 1)
  Atomics.notify(of, index)
}

interface Flagged {
  readonly of: Int32Array
}

const failing = behaviour({
  initial: 'on',
  states: {
    on: {
      fail: () => {
        throw Object.assign(new Error('a child fails'), { code: 'CHILD' })
      },
    },
  },
})

export const citizen = behaviour({
  initial: 'on',
  data: () => ({ notes: [] as unknown[] }),
  states: {
    on: {
      note: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      notes: ({ data }) => data.notes,
      echo: (_, { value }: { value: unknown }) => value,
      echoLater: async (_, { value }: { value: unknown }) => value,
      /** Raises flag 0, and keeps its thread until flag 1 is raised. */
      hold: (_, { of }: Flagged) => {
        raise(of, 0)
        Atomics.wait(of, 1, 0)
        return 'held'
      },
      /** Raises flag 0; is done when flag 1 is raised, and raises flag 2 then. Told, or asked. */
      work: async (_, { of }: Flagged) => {
        raise(of, 0)
        await (Atomics as unknown as AtomicsOfThisNode).waitAsync(of, 1, 0).value
        raise(of, 2)
        return 'worked'
      },
      failLater: async (): Promise<number> => {
        throw Object.assign(new Error('late'), { code: 'LATE' })
      },
      throwText: (): number => {
        // biome-ignore lint/style/useThrowOnlyError: anything may be thrown
        throw 'text'
      },
      rejectText: () => Deferred.of(1).then(() => Promise.reject('text')),
      halt: ({ stop }, { reason }: { reason: unknown }) => stop(reason),
      after: (_, { ms }: { ms: number }, ctx: Context) => ctx.after(ms).then(() => 'later'),
      selfish: ({ self, ctx }) => void self.send(ctx, { type: 'note', value: 'mine' }),
      path: ({ self }) => self.path,
      /** Children, and what becomes of them. */
      raiseChild: ({ spawn, ctx, watch }) => {
        const child = spawn(ctx, failing, { name: 'child' })
        watch(child)
        return child.path
      },
      failChild: ({ spawn, ctx, watch }) => {
        const child = spawn(ctx, failing, { name: 'child' })
        watch(child)
        child.send(ctx, { type: 'fail' })
      },
      down: ({ data }, { reason }: AnyEvent) => void data.notes.push(`down ${reason.kind}`),
      /** Asks another, which has ended, and answers what that does. */
      askDead: ({ spawn, ctx }) => {
        const child = spawn(ctx, failing)
        void child.stop()
        return child.ask(ctx, { type: 'fail' })
      },
      never: (_, _event: object, ctx: Context) => ctx.deferred<number>(),
      /** Passes what it is told on to another, which has ended. */
      forward: ({ spawn, ctx }, event: AnyEvent) => {
        const child = spawn(ctx, failing)
        void child.stop()
        child.send(ctx, event as never)
      },
      /** Notes that it was handled; raises flag 0, and keeps its thread until flag 1 is raised. */
      mark: (_, { of, at, marks }: Flagged & { at: number; marks: Int32Array }) => {
        Atomics.add(marks, at, 1)
        raise(of, 0)
        Atomics.wait(of, 1, 0, 10_000)
      },
      late: postpone,
      lateNote: postpone,
      shut: ({ become }) => become('shut'),
    },
    shut: {
      late: () => 'at last',
      lateNote: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      noted: ({ data }) => data.notes,
      open: ({ become }) => become('on'),
    },
  },
})

/** Finishes its own way when it is told to drain. */
export const drainer = behaviour({
  initial: 'on',
  data: (of: Int32Array) => ({ of }),
  stop: ({ data }) => raise(data.of, 3),
  states: {
    on: {
      ping: () => 'pong',
      never: (_, _event: object, ctx: Context) => ctx.deferred<number>(),
      drain: ({ data, stop }) => {
        raise(data.of, 2)
        stop('drained')
      },
    },
  },
})

export const stillborn = behaviour({
  initial: 'on',
  data: (): number => {
    throw Object.assign(new Error('no data'), { code: 'NO_DATA' })
  },
  states: { on: { ping: () => 'pong' } },
})

export const doubled = fromPromise(async ({ input }: { input: number }) => {
  if (input < 0) throw Object.assign(new Error('negative'), { code: 'NEGATIVE' })
  return input * 2
})

type LightEvent = { readonly type: 'go' } | Ask<{ readonly type: 'look' }, string>
export const light = setup({ types: { events: {} as Delivered<LightEvent> } }).createMachine({
  initial: 'red',
  states: {
    red: { on: { go: 'green', look: { actions: ({ event }) => event.reply?.('red') } } },
    green: { on: { look: { actions: ({ event }) => event.reply?.('green') } } },
  },
})

/** Ends after so many turns, with an output. */
export const counted = receiving<Ask<{ type: 'turn' }, number>, number>(function* ({ receive, input }) {
  for (let turn = 1; turn <= input; turn++) {
    const { reply } = yield* receive('turn')
    reply(turn)
  }
  return { turns: input }
})

interface AtomicsOfThisNode {
  waitAsync(of: Int32Array, index: number, value: number): { readonly value: unknown }
}
