/** Law: mail waits from the end of the turn that it outlasts; what is taken before that has not waited. */
import test from 'ava'
import { createTestContext } from '../context/support.ts'
import { createMailbox, envelope, takeAll } from './support.ts'

function show(mailbox: ReturnType<typeof createMailbox>['mailbox'], nowMs: number): string[] {
  const shown: string[] = []
  mailbox.showWaiting(nowMs, ({ event }) => void shown.push(event.type))
  return shown
}

for (const priorities of [undefined, [['b']]]) {
  const how = priorities === undefined ? 'plain' : 'ranked'

  test(`${how}: what waits is shown once, and its age begins when it was shown`, (t) => {
    const { mailbox } = createMailbox({ capacity: 10, priorities })
    mailbox.offer(envelope('a'))
    t.is(mailbox.oldestSinceMs, undefined)
    t.deepEqual(show(mailbox, 5), ['a'])
    t.is(mailbox.oldestSinceMs, 5)
    mailbox.offer(envelope('b'))
    t.deepEqual(show(mailbox, 8), ['b'])
    t.deepEqual(show(mailbox, 9), [])
    t.is(mailbox.oldestSinceMs, 5)
    t.is(mailbox.take()?.event.type, priorities === undefined ? 'a' : 'b')
    t.is(mailbox.oldestSinceMs, priorities === undefined ? 8 : 5)
    takeAll(mailbox)
    t.is(mailbox.oldestSinceMs, undefined)
  })

  test(`${how}: the age goes with its envelope when that is withdrawn, dropped, expired or closed`, (t) => {
    const { ctx, clock } = createTestContext()
    const { mailbox } = createMailbox({ capacity: 4, overflow: 'drop-oldest', priorities })
    const question = ctx.deferred<unknown>()
    const mail = [
      envelope('dropped'),
      envelope('question', ctx, question),
      envelope('stale', ctx.withTimeout(1)),
      envelope('closed'),
    ]
    for (const [nowMs, each] of mail.entries()) {
      mailbox.offer(each)
      show(mailbox, nowMs)
    }
    t.is(mailbox.oldestSinceMs, 0)
    mailbox.offer(envelope('new'))
    t.is(mailbox.oldestSinceMs, 1)
    t.true(mailbox.withdraw(question))
    t.is(mailbox.oldestSinceMs, 2)
    clock.advance(1)
    mailbox.giveBack([mailbox.take() as never])
    t.is(mailbox.oldestSinceMs, undefined)
    show(mailbox, 7)
    t.is(mailbox.oldestSinceMs, 7)
    mailbox.close()
    t.is(mailbox.oldestSinceMs, undefined)
  })
}

test('what is given back waits anew, and joins those given back that it goes before', (t) => {
  const { mailbox } = createMailbox()
  mailbox.offer(envelope('ordinary'))
  mailbox.giveBack([envelope('back')])
  t.deepEqual(show(mailbox, 3), ['ordinary'])
  t.is(mailbox.take()?.event.type, 'back')
  mailbox.giveBack([envelope('back')])
  show(mailbox, 6)
  t.is(mailbox.oldestSinceMs, 3)
  mailbox.giveBack([envelope('first')])
  t.is(mailbox.take()?.event.type, 'first')
  t.is(mailbox.take()?.event.type, 'back')
  t.is(mailbox.take()?.event.type, 'ordinary')
  t.is(mailbox.oldestSinceMs, undefined)
})

test('control messages have no age', (t) => {
  const { mailbox } = createMailbox()
  mailbox.offerControl(envelope('down'))
  t.deepEqual(show(mailbox, 3), [])
  t.is(mailbox.oldestSinceMs, undefined)
})
