/**
 * Law: what cannot be cloned fails alone, with `MESSAGE_NOT_CLONEABLE`, or `REPLY_NOT_CLONEABLE`, where somebody asked and as a dead letter where not,
 * and costs no other message of its batch anything. Buffers move where that is asked for, and only where something is sent.
 */
import { runInNewContext } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import { type AnyEvent, codeOf, onThread, type Ref, threadModule, transfer, UsageError } from 'greenroom'
import { atHome, endOf, failureOf, type Home, outcomes, sharedHome } from './home.ts'

const module = threadModule<typeof import('./echo.ts')>(new URL('./echo.ts', import.meta.url))

const shared = sharedHome(test)
let started: Promise<Ref<AnyEvent>> | undefined

async function start({ spawn, ctx }: Home): Promise<Ref<AnyEvent>> {
  const ref = spawn(ctx, onThread(module, 'echo'), { name: 'echo' })
  await ref.ask(ctx, { type: 'bytes' })
  return ref as Ref<AnyEvent>
}

/** With the actor that others have as well. */
function scene(body: (t: ExecutionContext, home: Home, ref: Ref<AnyEvent>) => Promise<void>) {
  return async (t: ExecutionContext) => {
    started ??= start(shared)
    const ref = await started
    shared.log.length = 0
    await body(t, shared, ref)
  }
}

const secret = { type: 'echo', value: () => 'a function' }

test.serial(
  'questions, answers and what is told: one in the middle of a batch fails, the others do not',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const asked = [
      ref.ask(ctx, { type: 'echo', value: 1 }),
      ref.ask(ctx, secret),
      ref.ask(ctx, { type: 'echo', value: 2 }),
      // Crosses, but its answer does not.
      ref.ask(ctx, { type: 'secret' }),
      ref.ask(ctx, { type: 'echo', value: 3 }),
    ]
    t.is(ref.send(ctx, { type: 'note', value: 'a' }), 'accepted')
    t.is(ref.send(ctx, { type: 'note', value: Symbol('b') }), 'accepted')
    t.is(ref.send(ctx, { type: 'note', value: 'c' }), 'accepted')
    const notes = ref.ask(ctx, { type: 'notes' })
    t.deepEqual(await outcomes([...asked, notes]), [
      ...[1, 'MESSAGE_NOT_CLONEABLE', 2, 'REPLY_NOT_CLONEABLE', 3],
      ['a', 'c'],
    ])
    t.deepEqual(home.told('deadLetter'), ['echo note uncloneable'])
    t.true(ref.isAlive)
  }),
)

test.serial(
  'the error is the caller’s fault, names the message and the actor, and has the reason as its cause',
  scene(async (t, home, ref) => {
    for (const event of [secret, { type: 'secret' }]) {
      const error = (await failureOf(ref.ask(home.ctx, event))) as UsageError
      t.true(error instanceof UsageError)
      t.regex(error.message, /greenroom\/echo cannot cross to another thread: .*could not be cloned/)
      t.is((error.cause as Error).name, 'DataCloneError')
    }
  }),
)

test.serial(
  'an input that cannot be cloned fails the actor',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'echo'), { input: () => 5 })
    const { reason } = await ref.watch()
    t.is(endOf(reason), 'failed MESSAGE_NOT_CLONEABLE')
    t.regex((reason as unknown as { error: Error }).error.message, /^the input of greenroom\//)
  }),
)

test.serial(
  'nor can an output: its watchers are told of a failure',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'mute'))
    t.is(endOf((await ref.watch()).reason), 'failed REPLY_NOT_CLONEABLE')
  }),
)

test.serial(
  'buffers move to a thread and back, and are empty where they came from',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const bytes = new Uint8Array([1, 2, 3])
    const copied = ref.ask(ctx, { type: 'echo', value: bytes })
    t.deepEqual(await copied, bytes)
    t.is(bytes.length, 3)
    const moved = await ref.ask(ctx, transfer({ type: 'give', value: bytes }, [bytes.buffer]))
    t.is(bytes.length, 0)
    t.deepEqual(moved, { value: new Uint8Array([1, 2, 3]) })
    t.is(await ref.ask(ctx, { type: 'bytes' }), 0, 'it was moved back, not copied')
  }),
)

test.serial(
  'a batch with one that cannot be cloned still moves the buffers of the others, and leaves that one’s',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const [moved, kept] = [new Uint8Array(8), new Uint8Array(8)]
    const asked = [
      ref.ask(ctx, transfer({ type: 'length', value: moved }, [moved.buffer])),
      ref.ask(ctx, transfer({ type: 'length', value: kept, why: () => {} }, [kept.buffer])),
    ]
    t.deepEqual(await outcomes(asked), [8, 'MESSAGE_NOT_CLONEABLE'])
    t.is(moved.length, 0)
    t.is(kept.length, 8)
  }),
)

test.serial(
  'one buffer that two messages of a batch hand over goes with the first; one that is gone, with none',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const bytes = new Uint8Array(8)
    const give = () => ref.ask(ctx, transfer({ type: 'length', value: bytes }, [bytes.buffer]))
    const other = ref.ask(ctx, { type: 'echo', value: 1 })
    t.deepEqual(await outcomes([give(), give(), other]), [8, 'MESSAGE_NOT_CLONEABLE', 1])
    t.deepEqual(await outcomes([give()]), ['MESSAGE_NOT_CLONEABLE'])
  }),
)

test.serial(
  'a buffer of the input moves as well, and what is not sent keeps its buffers',
  atHome(async (t, { spawn, ctx, system }) => {
    const [input, late] = [new Uint8Array(4), new Uint8Array(4)]
    const ref = spawn(ctx, onThread(module, 'echo'), {
      input: transfer({ value: input }, [input.buffer]),
    }) as Ref<AnyEvent>
    t.is(await ref.ask(ctx, { type: 'bytes' }), 4)
    t.is(input.length, 0)
    await ref.stop()
    await failureOf(ref.ask(ctx, transfer({ type: 'length', value: late }, [late.buffer])))
    t.is(late.length, 4)
    await system.stop()
  }),
)

test.serial(
  'a list that is changed after it was given changes nothing',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const [given, late] = [new Uint8Array(8), new Uint8Array(8)]
    const lists: ArrayBuffer[][] = [[given.buffer], [given.buffer]]
    const events = lists.map((list) => transfer({ type: 'length', value: given }, list))
    lists[0]?.push(late.buffer, 'no buffer' as never)
    lists[1]?.splice(0)
    const asked = events.map((event) => ref.ask(ctx, event))
    t.deepEqual(await outcomes(asked), [8, 'MESSAGE_NOT_CLONEABLE'])
    t.is(given.length, 0)
    t.is(late.length, 8)
  }),
)

test.serial(
  'a slip in what a reply hands over is its handler’s failure, and its thread lives on',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(module, 'echo'), { name: 'echo', restart: 'permanent' }) as Ref<AnyEvent>
    const asked = ref.ask(ctx, { type: 'slip', value: new Uint8Array(8) })
    t.deepEqual(await outcomes([asked]), ['ACTOR_FAILED'])
    t.is(await ref.ask(ctx, { type: 'echo', value: 5 }), 5)
    t.deepEqual(home.told('failed'), ['echo TRANSFER_INVALID'])
  }),
)

test('only objects are marked', (t) => {
  t.throws(() => transfer(5, []), { code: 'TRANSFER_INVALID' })
  t.is(codeOf(t.throws(() => transfer(null, []))), 'TRANSFER_INVALID')
})

const { buffer } = new Uint8Array(8)

const slips: readonly (readonly [given: unknown, named: string])[] = [
  [buffer, 'not ArrayBuffer'],
  [new Uint8Array(8), 'not Uint8Array'],
  [undefined, 'not Undefined'],
  [new Set([buffer]), 'not Set'],
  [[buffer, new Uint8Array(8)], 'not Uint8Array at 1'],
  [[new SharedArrayBuffer(8)], 'not SharedArrayBuffer at 0'],
  [[null], 'not Null at 0'],
  [new Array(1), 'not Undefined at 0'],
]

test('only lists of what can be handed over are taken, and the error names what was given', (t) => {
  for (const [given, named] of slips) {
    const error = t.throws(
      () => transfer({ type: 'any' }, given as never),
      { code: 'TRANSFER_INVALID' },
      named,
    )
    t.true(error instanceof UsageError)
    t.true(error?.message.endsWith(named), error?.message)
  }
})

test('ports and buffers are taken, also those of another realm', (t) => {
  const { port1, port2 } = new MessageChannel()
  const foreign = runInNewContext('new ArrayBuffer(8)') as ArrayBuffer
  t.notThrows(() => transfer({ type: 'any' }, [buffer, foreign, port1 as never, port2 as never]))
  port1.close()
})
