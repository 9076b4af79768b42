/** Law: what Pekko promises of its mailboxes, dead letters and stash, ours keep; where ours promise more, the title says so. */
import test from 'ava'
import { createMailbox, envelope, from, overflows, type Told, takeAll, takeEnvelopes } from './support.ts'

const closed = (...types: string[]): Told[] => types.map((type) => [type, 'closed'])

test('a bounded mailbox holds no more than its capacity; one more becomes a dead letter, and nobody waits', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 10 })
  for (let n = 0; n < 10; n++) t.is(mailbox.offer(envelope(`${n}`)), 'accepted')
  t.is(mailbox.offer(envelope('one too many')), 'full')
  t.is(mailbox.size, 10)
  t.deepEqual(told, [['one too many', 'full']])
  t.deepEqual(
    takeAll(mailbox),
    Array.from({ length: 10 }, (_, n) => `${n}`),
  )
})

test('a bounded mailbox has room again for each message that is taken', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 1 })
  for (let n = 0; n < 100; n++) {
    t.is(mailbox.offer(envelope(`${n}`)), 'accepted')
    t.is(mailbox.take()?.event.type, `${n}`)
  }
  t.deepEqual(told, [])
})

test('an empty mailbox gives nothing, before its first message and after its last', (t) => {
  const { mailbox } = createMailbox()
  t.is(mailbox.size, 0)
  t.is(mailbox.take(), undefined)
  mailbox.offer(envelope('only'))
  t.is(mailbox.take()?.event.type, 'only')
  t.is(mailbox.take(), undefined)
  t.is(mailbox.size, 0)
})

test('a control-aware mailbox hands out control messages first, and keeps the order of both kinds', (t) => {
  const { mailbox } = createMailbox({ capacity: 10 })
  mailbox.offer(envelope('foo'))
  mailbox.offerControl(envelope('control 1'))
  mailbox.offer(envelope('bar'))
  mailbox.offerControl(envelope('control 2'))
  t.deepEqual(takeAll(mailbox), ['control 1', 'control 2', 'foo', 'bar'])
})

test('a control-aware mailbox that is full still takes control messages: ours are never dropped', (t) => {
  for (const overflow of overflows) {
    const { mailbox, told } = createMailbox({ capacity: 1, overflow })
    mailbox.offer(envelope('foo'))
    t.is(mailbox.offerControl(envelope('control')), 'accepted')
    t.deepEqual(told, [])
    t.deepEqual(takeAll(mailbox), ['control', 'foo'])
  }
})

test('a control message that comes between two messages is handed out between them', (t) => {
  const { mailbox } = createMailbox()
  mailbox.offer(envelope('foo'))
  mailbox.offer(envelope('bar'))
  t.is(mailbox.take()?.event.type, 'foo')
  mailbox.offerControl(envelope('control'))
  t.deepEqual(takeAll(mailbox), ['control', 'bar'])
})

test('a priority mailbox hands out by priority, whatever the order in which messages came', (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities: [['high'], ['middle']] })
  for (const type of ['low', 'middle', 'high', 'low', 'high', 'middle']) mailbox.offer(envelope(type))
  t.deepEqual(takeAll(mailbox), ['high', 'high', 'middle', 'middle', 'low', 'low'])
})

test('a stable priority mailbox keeps the order of messages of equal priority', (t) => {
  const { mailbox } = createMailbox({ capacity: 100, priorities: [['high 0', 'high 1', 'high 2']] })
  for (let n = 0; n < 30; n++) mailbox.offer(envelope(`${n % 2 === 0 ? 'low' : 'high'} ${n % 3}`))
  const order = ['1', '0', '2', '1', '0', '2', '1', '0', '2', '1', '0', '2', '1', '0', '2'].map(
    (n) => `high ${n}`,
  )
  const types = takeAll(mailbox)
  t.deepEqual(types.slice(0, 15), order)
  t.deepEqual(
    types.slice(15),
    Array.from({ length: 15 }, (_, n) => `low ${(n * 2) % 3}`),
  )
})

test('a bounded priority mailbox counts all priorities together', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 2, priorities: [['high']] })
  for (const type of ['low', 'high', 'high']) mailbox.offer(envelope(type))
  t.deepEqual(told, [['high', 'full']])
  t.is(mailbox.size, 2)
})

test('messages of one sender to one receiver are handed out in the order sent', (t) => {
  const { mailbox } = createMailbox({ capacity: 100 })
  for (let n = 0; n < 10; n++) {
    mailbox.offer(from('ann', `ann ${n}`))
    mailbox.offer(from('bob', `bob ${n}`))
  }
  const taken = takeEnvelopes(mailbox)
  for (const sender of ['ann', 'bob']) {
    t.deepEqual(
      taken.filter((each) => each.sender === sender).map(({ event }) => event.type),
      Array.from({ length: 10 }, (_, n) => `${sender} ${n}`),
    )
  }
})

test("a priority mailbox keeps a sender's order too, which Pekko's does not", (t) => {
  const { mailbox } = createMailbox({ capacity: 10, priorities: [['high']] })
  mailbox.offer(from('ann', 'low'))
  mailbox.offer(from('ann', 'high'))
  mailbox.offer(from('bob', 'high'))
  t.deepEqual(
    takeEnvelopes(mailbox).map(({ sender, event }) => `${sender} ${event.type}`),
    ['bob high', 'ann low', 'ann high'],
  )
})

test('a message is handed out once for each time that it was sent, and never more often', (t) => {
  const { mailbox } = createMailbox()
  const twice = envelope('twice')
  mailbox.offer(twice)
  mailbox.offer(twice)
  t.is(mailbox.take(), twice)
  t.is(mailbox.take(), twice)
  t.is(mailbox.take(), undefined)
})

test('what an actor has not handled when it stops becomes dead letters, each once and in order', (t) => {
  const { mailbox, told } = createMailbox()
  for (const type of ['handled', 'a', 'b']) mailbox.offer(envelope(type))
  mailbox.take()
  mailbox.close()
  mailbox.close()
  t.deepEqual(told, closed('a', 'b'))
  t.is(mailbox.take(), undefined)
})

test('a message to an actor that has stopped becomes a dead letter, and its sender is told so', (t) => {
  const { mailbox, told } = createMailbox()
  mailbox.close()
  t.is(mailbox.offer(envelope('late')), 'closed')
  t.is(mailbox.size, 0)
  t.deepEqual(told, closed('late'))
})

test('unstashing puts what was stashed before all that has come since, in the order of the stash', (t) => {
  const { mailbox } = createMailbox({ capacity: 4 })
  for (const type of ['a', 'b', 'open', 'c']) mailbox.offer(envelope(type))
  const stash = [mailbox.take(), mailbox.take()].flatMap((each) => each ?? [])
  t.is(mailbox.take()?.event.type, 'open')
  mailbox.offer(envelope('d'))
  mailbox.giveBack(stash)
  t.deepEqual(takeAll(mailbox), ['a', 'b', 'c', 'd'])
})

test('what is unstashed may be stashed again, and comes again in the same order', (t) => {
  const { mailbox } = createMailbox()
  for (const type of ['a', 'b', 'c']) mailbox.offer(envelope(type))
  for (let round = 0; round < 3; round++) mailbox.giveBack(takeEnvelopes(mailbox))
  t.deepEqual(takeAll(mailbox), ['a', 'b', 'c'])
})

test('what is stashed a second time goes before what was unstashed and not yet looked at', (t) => {
  const { mailbox } = createMailbox()
  for (const type of ['a', 'b', 'c']) mailbox.offer(envelope(type))
  mailbox.giveBack(takeEnvelopes(mailbox))
  const again = [mailbox.take(), mailbox.take()].flatMap((each) => each ?? [])
  mailbox.giveBack(again)
  t.deepEqual(takeAll(mailbox), ['a', 'b', 'c'])
})

test('unstashing into a full mailbox fails nobody: ours was sure of its place from the beginning', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 1 })
  mailbox.offer(envelope('stashed'))
  const stash = takeEnvelopes(mailbox)
  mailbox.offer(envelope('new'))
  mailbox.giveBack(stash)
  t.deepEqual(takeAll(mailbox), ['stashed', 'new'])
  t.deepEqual(told, [])
})

test('what is still stashed when its actor stops becomes dead letters, whether unstashed before or after', (t) => {
  for (const isBefore of [true, false]) {
    const { mailbox, told } = createMailbox()
    mailbox.offer(envelope('stashed'))
    const stash = takeEnvelopes(mailbox)
    if (isBefore) mailbox.giveBack(stash)
    mailbox.close()
    if (!isBefore) mailbox.giveBack(stash)
    t.deepEqual(told, closed('stashed'))
  }
})

test('a control message goes before what was unstashed', (t) => {
  const { mailbox } = createMailbox()
  mailbox.offer(envelope('stashed'))
  const stash = takeEnvelopes(mailbox)
  mailbox.offerControl(envelope('control'))
  mailbox.giveBack(stash)
  t.deepEqual(takeAll(mailbox), ['control', 'stashed'])
})
