/**
 * Laws: what is said to a fenced ref is heard when the test lets it through, in order, and unchanged; and the sender is
 * told nothing else than it would be by an actor that is slow.
 */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { AskError } from '../../../runtime/system/errors.ts'
import { createMessageFence } from '../../../runtime/testing/message-fence.ts'
import { createSimulation } from '../../../runtime/testing/simulation.ts'

function fenced(capacity?: number) {
  const simulation = createSimulation()
  const { system, ctx } = simulation
  const heard: string[] = []
  const listening = behaviour({
    initial: 'listening',
    states: {
      listening: {
        say: ({ sender }, { text }: { type: 'say'; text: string }) => {
          heard.push(sender === undefined ? text : `${sender.path}: ${text}`)
          return `heard ${text}`
        },
      },
    },
  })
  const actor = system.spawn(ctx, listening, { name: 'listener' })
  const fence = createMessageFence(actor, capacity === undefined ? {} : { capacity })
  const say = (text: string) => fence.ref.send(ctx, { type: 'say', text })
  return { simulation, system, ctx, actor, fence, heard, say }
}

const TIMEOUT = { instanceOf: AskError, code: 'ASK_TIMEOUT' }

test('messages are held, accepted, and let through in order', async (t) => {
  const { simulation, fence, heard, say } = fenced()
  t.deepEqual(['a', 'b', 'c', 'd'].map(say), ['accepted', 'accepted', 'accepted', 'accepted'])
  await simulation.settle()
  t.deepEqual(heard, [])
  t.deepEqual(
    fence.held.map(({ text }) => text),
    ['a', 'b', 'c', 'd'],
  )

  t.is(fence.pass(), 1)
  await simulation.settle()
  t.deepEqual(heard, ['a'])

  t.is(fence.pass(2), 2)
  say('e')
  fence.release()
  await simulation.settle()
  t.deepEqual(heard, ['a', 'b', 'c', 'd', 'e'])
  t.is(fence.pass(), 0)
})

test('once released, it is open', async (t) => {
  const { simulation, fence, heard, say } = fenced()
  fence.release()
  say('hello')
  t.deepEqual(fence.held, [])
  await simulation.settle()
  t.deepEqual(heard, ['hello'])
})

test('another way to the same actor is not held', async (t) => {
  const { simulation, ctx, actor, heard, say, fence } = fenced()
  say('late')
  actor.send(ctx, { type: 'say', text: 'first' })
  await simulation.settle()
  fence.release()
  await simulation.settle()
  t.deepEqual(heard, ['first', 'late'])
})

test('a message keeps its sender and its context', async (t) => {
  const { simulation, ctx, actor, fence, heard } = fenced()
  const [mine, cancel] = ctx.withCancel()
  fence.ref.send(ctx, { type: 'say', text: 'one' }, actor)
  fence.ref.send(mine, { type: 'say', text: 'two' })
  cancel()
  fence.release()
  await simulation.settle()
  t.deepEqual(heard, ['greenroom/listener: one'])
  t.true(simulation.trace.includes('0 greenroom/listener did not get say: expired'))
})

test('a question is answered after it was let through', async (t) => {
  const { simulation, ctx, fence } = fenced()
  const reply = fence.ref.ask(ctx, { type: 'say', text: 'you' })
  await simulation.advance(4_999)
  t.is(reply.status, 'pending')
  fence.pass()
  t.is(await simulation.waitFor(reply), 'heard you')
  t.is(simulation.clock.pending, 0)
})

test('time behind the fence counts for a question', async (t) => {
  const { simulation, ctx, fence, heard } = fenced()
  const held = fence.ref.ask(ctx, { type: 'say', text: 'a' }, { timeoutMs: 100 })
  await t.throwsAsync(simulation.waitFor(held), TIMEOUT)
  t.is(simulation.clock.nowMs(), 100)
  const standard = fence.ref.ask(ctx, { type: 'say', text: 'b' })
  await t.throwsAsync(simulation.waitFor(standard), TIMEOUT)
  t.is(simulation.clock.nowMs(), 5_100)
  t.deepEqual(fence.held, [])
  t.deepEqual(heard, [])
})

test('a question that is cancelled, or whose context is, is not let through', async (t) => {
  const { simulation, ctx, fence, heard } = fenced()
  const [mine, cancel] = ctx.withCancel()
  const first = fence.ref.ask(ctx, { type: 'say', text: 'a' })
  const second = fence.ref.ask(mine, { type: 'say', text: 'b' })
  first.cancel('no matter')
  cancel('gone')
  await t.throwsAsync(simulation.waitFor(first), { code: 'CANCELLED', message: /no matter/ })
  await t.throwsAsync(simulation.waitFor(second), { code: 'CANCELLED', message: /gone/ })
  t.deepEqual(fence.held, [])
  fence.release()
  await simulation.settle()
  t.deepEqual(heard, [])
  t.is(simulation.clock.pending, 0)
})

test('a question that was let through can still be cancelled', async (t) => {
  const { simulation, ctx, fence, heard } = fenced()
  const reply = fence.ref.ask(ctx, { type: 'say', text: 'a' })
  fence.pass()
  reply.cancel()
  await t.throwsAsync(simulation.waitFor(reply), { code: 'CANCELLED' })
  t.deepEqual(heard, [])
})

test('what it holds is bounded', async (t) => {
  const { simulation, ctx, fence, say } = fenced(2)
  t.deepEqual(['a', 'b', 'c'].map(say), ['accepted', 'accepted', 'full'])
  await t.throwsAsync(simulation.waitFor(fence.ref.ask(ctx, { type: 'say', text: 'd' })), {
    code: 'ASK_REFUSED',
    message: 'the fence before greenroom/listener holds 2 of 2 messages',
  })
})

test('in all else it is the actor: path, life, end and refusals', async (t) => {
  const { simulation, ctx, actor, fence, say } = fenced()
  const { ref } = fence
  say('too late')
  t.is(ref.path, actor.path)
  t.is(ref.actor, actor.actor)
  t.true(ref.isAlive)
  const down = ref.watch(ctx)
  await simulation.waitFor(ref.stop('enough'))
  t.deepEqual((await simulation.waitFor(down)).reason, { kind: 'stopped', reason: 'enough' })
  t.false(ref.isAlive)
  t.is(say('hello?'), 'closed')
  await t.throwsAsync(simulation.waitFor(ref.ask(ctx, { type: 'say', text: '' })), { code: 'ASK_REFUSED' })
  fence.release()
  t.is(simulation.trace.filter((line) => line.endsWith('did not get say: closed')).length, 3)
})
