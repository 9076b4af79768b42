/** Law: what an actor gives back comes again before other mail, in its order, and has no other privilege. */
import test from 'ava'
import type { Envelope } from '../../../runtime/mailbox/envelope.ts'
import { Mailbox } from '../../../runtime/mailbox/mailbox.ts'
import { createTestContext } from '../context/support.ts'
import { createMailbox, envelope, overflows, type Told, takeAll } from './support.ts'

const back = (...types: string[]): Envelope[] => types.map((type) => envelope(type))

test('control, then what was given back last, then what was given back before, then ordinary mail', (t) => {
  const { mailbox } = createMailbox({ priorities: [['urgent']] })
  mailbox.offer(envelope('new'))
  mailbox.offer(envelope('urgent'))
  mailbox.giveBack(back('c', 'd'))
  mailbox.giveBack(back('a', 'b'))
  mailbox.giveBack([])
  mailbox.offerControl(envelope('down'))
  t.is(mailbox.size, 7)
  t.deepEqual(takeAll(mailbox), ['down', 'a', 'b', 'c', 'd', 'urgent', 'new'])
  t.is(mailbox.size, 0)
})

for (const overflow of overflows) {
  test(`${overflow}: what is given back is not refused, not dropped, and takes nobody's room`, (t) => {
    const { mailbox, told } = createMailbox({ capacity: 2, overflow })
    mailbox.offer(envelope('new'))
    mailbox.giveBack(back('a', 'b', 'c'))
    t.is(mailbox.offer(envelope('newer')), 'accepted')
    t.deepEqual(told, [])
    mailbox.offer(envelope('one too many'))
    t.is(told.length, 1)
    t.deepEqual(takeAll(mailbox).slice(0, 3), ['a', 'b', 'c'])
  })
}

test('what has expired since it was set aside is not handed out again', (t) => {
  const { mailbox, told } = createMailbox()
  const { ctx, clock } = createTestContext()
  mailbox.giveBack([envelope('stale', ctx.withTimeout(5)), envelope('fresh', ctx)])
  clock.advance(5)
  t.deepEqual(takeAll(mailbox), ['fresh'])
  t.deepEqual(told, [['stale', 'expired']])
})

test('a question that was given back can be taken back', (t) => {
  const { mailbox, told } = createMailbox()
  const { ctx } = createTestContext()
  const question = ctx.deferred<unknown>()
  mailbox.giveBack([envelope('a'), envelope('question', ctx, question), envelope('b')])
  t.true(mailbox.withdraw(question))
  t.false(mailbox.withdraw(question))
  t.deepEqual(takeAll(mailbox), ['a', 'b'])
  t.deepEqual(told, [])
})

test('closing tells what was given back after control and before ordinary mail', (t) => {
  const { mailbox, told } = createMailbox()
  mailbox.offer(envelope('ordinary'))
  mailbox.giveBack(back('a', 'b'))
  mailbox.offerControl(envelope('down'))
  mailbox.close()
  t.is(mailbox.size, 0)
  t.deepEqual(
    told,
    ['down', 'a', 'b', 'ordinary'].map((type): Told => [type, 'closed']),
  )
})

test('what is given back to a closed mailbox is told at once', (t) => {
  const { mailbox, told } = createMailbox()
  mailbox.close()
  mailbox.giveBack(back('a', 'b'))
  t.is(mailbox.size, 0)
  t.is(mailbox.take(), undefined)
  t.deepEqual(told, [
    ['a', 'closed'],
    ['b', 'closed'],
  ])
})

test('a sink that gives back, or closes, while it is told of an expiry loses nothing', (t) => {
  for (const reaction of ['giveBack', 'close'] as const) {
    const { ctx, clock } = createTestContext()
    const told: Told[] = []
    const mailbox: Mailbox = new Mailbox(3, 'refuse', {
      undelivered({ event }, reason) {
        told.push([event.type, reason])
        if (reason !== 'expired') return
        if (reaction === 'close') mailbox.close()
        else mailbox.giveBack(back('again'))
      },
    })
    mailbox.offer(envelope('ordinary'))
    mailbox.giveBack([envelope('stale', ctx.withTimeout(1))])
    clock.advance(1)
    const isClosing = reaction === 'close'
    t.deepEqual(takeAll(mailbox), isClosing ? [] : ['again', 'ordinary'])
    t.deepEqual(told.slice(1), isClosing ? [['ordinary', 'closed']] : [])
    t.is(mailbox.size, 0)
  }
})
