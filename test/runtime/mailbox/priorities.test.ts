/** Law: urgent mail goes first, yet nobody's message overtakes an earlier one of the same sender; bad lists make no mailbox. */
import test from 'ava'
import { UsageError } from '../../../runtime/errors.ts'
import { Envelope } from '../../../runtime/mailbox/envelope.ts'
import type { Overflow } from '../../../runtime/mailbox/mailbox.ts'
import { PRIORITY_LISTS_MAX, Priorities } from '../../../runtime/mailbox/priorities.ts'
import type { SenderLevels } from '../../../runtime/mailbox/sender-levels.ts'
import { createTestContext } from '../context/support.ts'
import { createMailbox, envelope, from, type Told, takeAll, takeEnvelopes } from './support.ts'

const priorities = [['alarm', 'stop'], ['soon']]

test('a type has the level of its list, and one in no list comes after all lists', (t) => {
  const ranks = Priorities.of(priorities)
  t.is(ranks.count, 3)
  t.deepEqual(
    ['alarm', 'stop', 'soon', 'hello', 'constructor'].map((type) => ranks.levelOf(type)),
    [0, 0, 1, 2, 2],
  )
  t.is(Priorities.of([]).levelOf('alarm'), 0)
  t.is(Priorities.of(Array.from({ length: PRIORITY_LISTS_MAX }, (_, n) => [`type ${n}`])).count, 9)
})

const invalid: [what: string, lists: unknown, message: string][] = [
  ['more than 8 lists', Array.from({ length: 9 }, (_, n) => [`type ${n}`]), 'at most 8 lists, not 9'],
  ['a type in place of the lists', 'alarm', 'at most 8 lists, not alarm'],
  ['an empty list', [['alarm'], []], 'lists of at least one event type, not []'],
  ['a type in place of a list', ['alarm'], 'lists of at least one event type, not "alarm"'],
  ['what is no type', [['alarm', 5]], 'lists of event types, not 5'],
  ['a type twice in a list', [['alarm', 'alarm']], 'lists that name an event type once, not "alarm" twice'],
  ['a type in two lists', [['alarm'], ['alarm']], 'lists that name an event type once, not "alarm" twice'],
]

for (const [what, lists, message] of invalid) {
  test(`priorities with ${what} are refused, and told why`, (t) => {
    const error = t.throws(() => Priorities.of(lists as string[][]), { instanceOf: UsageError })
    t.is(error?.code, 'SPAWN_OPTION_INVALID')
    t.is(error?.message, `spawn option mailbox.priorities must be ${message}`)
  })
}

test('the more urgent goes first, first in first out within a level, control before all', (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities })
  for (const type of ['a', 'soon', 'stop', 'b', 'alarm', 'c']) mailbox.offer(envelope(type))
  mailbox.offerControl(envelope('down'))
  t.deepEqual(takeAll(mailbox), ['down', 'stop', 'alarm', 'soon', 'a', 'b', 'c'])
})

test('an urgent message stands behind an earlier one of its sender, not behind those of others', (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities })
  mailbox.offer(from('bob', 'soon'))
  mailbox.offer(from('ann', 'hello'))
  mailbox.offer(from('bob', 'stop'))
  mailbox.offer(from('ann', 'alarm'))
  t.deepEqual(takeAll(mailbox), ['soon', 'stop', 'hello', 'alarm'])
})

test('once the earlier one is taken, the next of its sender has its own level again', (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities })
  mailbox.offer(from('ann', 'hello'))
  t.is(mailbox.take()?.event.type, 'hello')
  mailbox.offer(envelope('other'))
  mailbox.offer(from('ann', 'alarm'))
  t.deepEqual(takeAll(mailbox), ['alarm', 'other'])
})

test('a withdrawn question holds no later message of its sender back', (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities })
  const { ctx } = createTestContext()
  const question = ctx.deferred<unknown>()
  mailbox.offer(envelope('other'))
  mailbox.offer(new Envelope({ type: 'hello' }, ctx, 'ann', question))
  t.true(mailbox.withdraw(question))
  mailbox.offer(from('ann', 'alarm'))
  t.deepEqual(takeAll(mailbox), ['alarm', 'other'])
})

const overflowing: [overflow: Overflow, newcomer: string, taken: string[], told: Told][] = [
  ['refuse', 'alarm', ['soon', 'a', 'b'], ['alarm', 'full']],
  ['drop-newest', 'alarm', ['soon', 'a', 'b'], ['alarm', 'dropped']],
  ['drop-oldest', 'alarm', ['alarm', 'soon', 'b'], ['a', 'dropped']],
  ['drop-oldest', 'c', ['soon', 'b', 'c'], ['a', 'dropped']],
]

for (const [overflow, newcomer, taken, expected] of overflowing) {
  test(`${overflow}: with soon, a and b waiting, ${newcomer} is one too many over all levels together`, (t) => {
    const { mailbox, told } = createMailbox({ overflow, priorities })
    for (const type of ['a', 'soon', 'b', newcomer]) mailbox.offer(envelope(type))
    t.deepEqual(told, [expected])
    t.deepEqual(takeAll(mailbox), taken)
  })
}

test('drop-oldest: a newcomer less urgent than all that wait pushes none of them out', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 2, overflow: 'drop-oldest', priorities })
  for (const type of ['alarm', 'soon', 'hello']) t.is(mailbox.offer(envelope(type)), 'accepted')
  t.deepEqual(told, [['hello', 'dropped']])
  t.deepEqual(takeAll(mailbox), ['alarm', 'soon'])
})

test('drop-oldest: one whose own earlier message is dropped for it stands in its own level', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 2, overflow: 'drop-oldest', priorities })
  mailbox.offer(from('ann', 'hello'))
  mailbox.offer(from('bob', 'soon'))
  mailbox.offer(from('ann', 'alarm'))
  t.deepEqual(told, [['hello', 'dropped']])
  t.deepEqual(takeAll(mailbox), ['alarm', 'soon'])
})

test('nobody is remembered who has no mail waiting', (t) => {
  const { mailbox } = createMailbox({ capacity: 100, priorities })
  for (let n = 0; n < 100; n++) mailbox.offer(from({ n }, 'hello'))
  const { lane } = mailbox as unknown as { lane: { senders: SenderLevels } }
  const { waiting } = lane.senders as unknown as { waiting: Map<unknown, unknown> }
  t.is(waiting.size, 100)
  t.is(takeEnvelopes(mailbox).length, 100)
  t.is(waiting.size, 0)
})
