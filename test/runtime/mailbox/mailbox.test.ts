/** Law: bounded, in order, nothing stale; and every envelope ends in exactly one place: handed out, told, or taken back. */
import test from 'ava'
import type { Envelope } from '../../../runtime/mailbox/envelope.ts'
import { Mailbox, type Overflow } from '../../../runtime/mailbox/mailbox.ts'
import type { Offer } from '../../../runtime/mailbox/refusal.ts'
import { createTestContext } from '../context/support.ts'
import { createMailbox, envelope, type Told, takeAll } from './support.ts'

const overflows: [overflow: Overflow, fourth: Offer, taken: string[], told: Told[]][] = [
  ['refuse', 'full', ['a', 'b', 'c'], [['d', 'full']]],
  ['drop-newest', 'accepted', ['a', 'b', 'c'], [['d', 'dropped']]],
  ['drop-oldest', 'accepted', ['b', 'c', 'd'], [['a', 'dropped']]],
]

for (const [overflow, fourth, taken, expected] of overflows) {
  test(`${overflow}: one more than the capacity is answered "${fourth}", and order is kept`, (t) => {
    const { mailbox, told } = createMailbox({ overflow })
    const answers = ['a', 'b', 'c', 'd'].map((type) => mailbox.offer(envelope(type)))
    t.deepEqual(answers, ['accepted', 'accepted', 'accepted', fourth])
    t.is(mailbox.size, 3)
    t.deepEqual(takeAll(mailbox), taken)
    t.deepEqual(told, expected)
    t.is(mailbox.offer(envelope('e')), 'accepted')
  })
}

test('control messages overtake, in their own order, whatever the capacity of the others', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 1 })
  mailbox.offer(envelope('a'))
  t.is(mailbox.offerControl(envelope('stop')), 'accepted')
  t.is(mailbox.offerControl(envelope('down')), 'accepted')
  t.is(mailbox.size, 3)
  t.deepEqual(takeAll(mailbox), ['stop', 'down', 'a'])
  t.deepEqual(told, [])
})

test('the control lane drops nothing, however many wait', (t) => {
  const { mailbox, told } = createMailbox({ capacity: 1 })
  const types = Array.from({ length: 5_000 }, (_, n) => `down ${n}`)
  for (const type of types) t.is(mailbox.offerControl(envelope(type)), 'accepted')
  t.deepEqual(takeAll(mailbox), types)
  t.deepEqual(told, [])
})

const expiries: Record<string, () => { stale: Envelope; expire: () => void }> = {
  'its deadline has passed': () => {
    const { ctx, clock } = createTestContext()
    return { stale: envelope('stale', ctx.withTimeout(5)), expire: () => clock.advance(5) }
  },
  'its context was cancelled': () => {
    const [ctx, cancel] = createTestContext().ctx.withCancel()
    return { stale: envelope('stale', ctx), expire: cancel }
  },
  'its question was withdrawn': () => {
    const { ctx } = createTestContext()
    const reply = ctx.deferred<unknown>()
    return { stale: envelope('stale', ctx, reply), expire: () => reply.cancel('not interested') }
  },
}

for (const [how, create] of Object.entries(expiries)) {
  test(`an envelope is refused at the door when ${how}`, (t) => {
    const { mailbox, told } = createMailbox()
    const { stale, expire } = create()
    t.false(stale.isExpired)
    expire()
    t.true(stale.isExpired)
    t.is(mailbox.offer(stale), 'expired')
    t.deepEqual(told, [['stale', 'expired']])
    t.is(mailbox.size, 0)
  })

  test(`an envelope that waits is not handed out any more when ${how}`, (t) => {
    const { mailbox, told } = createMailbox()
    const { stale, expire } = create()
    mailbox.offer(stale)
    mailbox.offer(envelope('fresh'))
    expire()
    t.deepEqual(takeAll(mailbox), ['fresh'])
    t.deepEqual(told, [['stale', 'expired']])
  })
}

test("a question can be taken back while it waits, and is then nobody's", (t) => {
  const { mailbox, told } = createMailbox()
  const { ctx } = createTestContext()
  const [a, b] = [ctx.deferred<unknown>(), ctx.deferred<unknown>()]
  t.false(mailbox.withdraw(a))
  mailbox.offer(envelope('told'))
  mailbox.offer(envelope('a', ctx, a))
  mailbox.offer(envelope('b', ctx, b))
  t.true(mailbox.withdraw(a))
  t.false(mailbox.withdraw(a))
  t.deepEqual(takeAll(mailbox), ['told', 'b'])
  t.false(mailbox.withdraw(b))
  t.deepEqual(told, [])
})

test('closing tells what waits, control first, and refuses what comes; closing again tells nothing', (t) => {
  const { mailbox, told } = createMailbox()
  mailbox.offer(envelope('a'))
  mailbox.offer(envelope('b'))
  mailbox.offerControl(envelope('down'))
  t.false(mailbox.isClosed)
  mailbox.close()
  mailbox.close()
  t.true(mailbox.isClosed)
  t.is(mailbox.size, 0)
  t.is(mailbox.take(), undefined)
  t.is(mailbox.offer(envelope('late')), 'closed')
  t.is(mailbox.offerControl(envelope('late control')), 'closed')
  t.deepEqual(told, [
    ['down', 'closed'],
    ['a', 'closed'],
    ['b', 'closed'],
    ['late', 'closed'],
    ['late control', 'closed'],
  ])
})

test('a sink that closes the mailbox while it is told of a drop loses nothing', (t) => {
  const told: Told[] = []
  const mailbox: Mailbox = new Mailbox(1, 'drop-oldest', {
    undelivered(dropped, reason) {
      told.push([dropped.event.type, reason])
      mailbox.close()
    },
  })
  mailbox.offer(envelope('a'))
  mailbox.offer(envelope('b'))
  t.deepEqual(told, [
    ['a', 'dropped'],
    ['b', 'closed'],
  ])
  t.is(mailbox.size, 0)
})

test('a sink that offers while it is told of a drop does not get past the bound', (t) => {
  let isFirst = true
  const mailbox: Mailbox = new Mailbox(2, 'drop-oldest', {
    undelivered() {
      if (isFirst) {
        isFirst = false
        mailbox.offer(envelope('again'))
      }
    },
  })
  for (const type of ['a', 'b', 'c']) mailbox.offer(envelope(type))
  t.deepEqual(takeAll(mailbox), ['c', 'again'])
})

test('what waits in the control lane can be forgotten; ordinary mail stays', (t) => {
  const { mailbox, told } = createMailbox()
  mailbox.offer(envelope('a'))
  for (const type of ['down', 'drain']) mailbox.offerControl(envelope(type))
  mailbox.dropControl()
  t.is(mailbox.size, 1)
  t.deepEqual(takeAll(mailbox), ['a'])
  t.deepEqual(told, [], 'and nobody is told')
})
