/** Law: bounded, in order, nothing stale; and every envelope ends in exactly one place: handed out, told, or taken back. */
import test from 'ava'
import fc from 'fast-check'
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { Envelope } from '../../../runtime/mailbox/envelope.ts'
import { Mailbox, type Overflow } from '../../../runtime/mailbox/mailbox.ts'
import type { DeadReason, Offer } from '../../../runtime/mailbox/refusal.ts'
import { createTestContext } from '../context/support.ts'

type Told = [type: string, reason: DeadReason]

function createMailbox({ capacity = 3, overflow = 'refuse' as Overflow } = {}) {
  const told: Told[] = []
  const undelivered = (envelope: Envelope, reason: DeadReason) =>
    void told.push([envelope.event.type, reason])
  return { mailbox: new Mailbox(capacity, overflow, { undelivered }), told }
}

function envelope(type: string, ctx: Context = createTestContext().ctx, reply?: Deferred<unknown>): Envelope {
  return new Envelope({ type }, ctx, undefined, reply)
}

function takeAll(mailbox: Mailbox): string[] {
  const types: string[] = []
  for (let taken = mailbox.take(); taken !== undefined; taken = mailbox.take()) types.push(taken.event.type)
  return types
}

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

type Step =
  | { do: 'offer'; timeoutMs: number | undefined; isQuestion: boolean; isCancellable: boolean }
  | { do: 'control' | 'take' | 'show' | 'close' }
  | { do: 'withdraw' | 'unask' | 'cancel'; at: number }
  | { do: 'advance'; ms: number }

const offerStep: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('offer' as const),
  timeoutMs: fc.option(fc.nat(6), { nil: undefined }),
  isQuestion: fc.boolean(),
  isCancellable: fc.boolean(),
})
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: offerStep },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('control', 'take', 'take', 'show') }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('withdraw' as const, 'unask' as const, 'cancel' as const),
        at: fc.nat(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(4) }) },
    fc.record({ do: fc.constant('close' as const) }),
  ),
  { maxLength: 80 },
)

interface Item {
  readonly envelope: Envelope
  readonly deadlineMs: number
  readonly reply: Deferred<unknown> | undefined
  readonly cancel: () => unknown
  isUnwanted: boolean
}

/** The mailbox as two arrays, by the law alone. */
class Model {
  readonly lane: Item[] = []
  readonly control: Item[] = []
  readonly told: Told[] = []
  readonly capacity: number
  readonly overflow: Overflow
  isOpen = true

  constructor(capacity: number, overflow: Overflow) {
    this.capacity = capacity
    this.overflow = overflow
  }

  offer(item: Item, nowMs: number): Offer {
    const refusal = !this.isOpen ? 'closed' : isStale(item, nowMs) ? 'expired' : undefined
    if (refusal !== undefined) return this.tell(item, refusal)
    if (this.lane.length < this.capacity) this.lane.push(item)
    else if (this.overflow === 'refuse') return this.tell(item, 'full')
    else if (this.overflow === 'drop-newest') this.tell(item, 'dropped')
    else {
      this.tell(this.lane.shift() as Item, 'dropped')
      this.lane.push(item)
    }
    return 'accepted'
  }

  offerControl(item: Item): Offer {
    if (!this.isOpen) return this.tell(item, 'closed')
    this.control.push(item)
    return 'accepted'
  }

  take(nowMs: number): Item | undefined {
    if (this.control.length > 0) return this.control.shift()
    for (let item = this.lane.shift(); item !== undefined; item = this.lane.shift()) {
      if (!isStale(item, nowMs)) return item
      this.tell(item, 'expired')
    }
    return undefined
  }

  withdraw(item: Item): boolean {
    const at = this.lane.indexOf(item)
    if (at >= 0) this.lane.splice(at, 1)
    return at >= 0
  }

  close(): void {
    this.isOpen = false
    for (const item of [...this.control.splice(0), ...this.lane.splice(0)]) this.tell(item, 'closed')
  }

  private tell<R extends DeadReason>(item: Item, reason: R): R {
    this.told.push([item.envelope.event.type, reason])
    return reason
  }
}

function isStale(item: Item, nowMs: number): boolean {
  return item.isUnwanted || item.deadlineMs <= nowMs
}

test('any history does what two arrays would do, and every envelope ends in exactly one place', (t) => {
  const bounds = fc.record({
    capacity: fc.integer({ min: 1, max: 12 }),
    overflow: fc.constantFrom<Overflow>('refuse', 'drop-newest', 'drop-oldest'),
  })
  fc.assert(
    fc.property(bounds, steps, (options, history) => {
      const { capacity, overflow } = options
      const { ctx, clock } = createTestContext()
      const { mailbox, told } = createMailbox(options)
      const model = new Model(capacity, overflow)
      const items: Item[] = []
      const gone: string[] = []
      const shown: string[] = []
      const seen: Item[] = []
      const create = (kind: string, step?: Extract<Step, { do: 'offer' }>): Item => {
        const timed = step?.timeoutMs === undefined ? ctx : ctx.withTimeout(step.timeoutMs)
        const [child, cancel] = step?.isCancellable ? timed.withCancel() : [timed, () => false]
        const reply = step?.isQuestion ? ctx.deferred<unknown>() : undefined
        const made = envelope(`${kind} ${items.length}`, child, reply)
        const item: Item = { envelope: made, deadlineMs: child.deadlineMs, reply, cancel, isUnwanted: false }
        items.push(item)
        return item
      }
      for (const step of history) {
        const nowMs = clock.nowMs()
        const item = 'at' in step ? items[step.at % items.length] : undefined
        if (step.do === 'offer') {
          const offered = create('mail', step)
          t.is(mailbox.offer(offered.envelope), model.offer(offered, nowMs))
        } else if (step.do === 'control') {
          const offered = create('control')
          t.is(mailbox.offerControl(offered.envelope), model.offerControl(offered))
        } else if (step.do === 'take') {
          const taken = mailbox.take()
          t.is(taken, model.take(nowMs)?.envelope)
          if (taken !== undefined) gone.push(taken.event.type)
        } else if (step.do === 'advance') {
          clock.advance(step.ms)
        } else if (step.do === 'close') {
          mailbox.close()
          model.close()
        } else if (step.do === 'show') {
          mailbox.showWaiting(({ event }) => shown.push(event.type))
          seen.push(...model.lane.filter((each) => !seen.includes(each)))
          t.deepEqual(
            shown,
            seen.map(({ envelope: { event } }) => event.type),
          )
        } else if (item !== undefined && step.do === 'withdraw') {
          if (item.reply === undefined) continue
          const isBack = mailbox.withdraw(item.reply)
          t.is(isBack, model.withdraw(item))
          if (isBack) gone.push(item.envelope.event.type)
        } else if (item !== undefined) {
          if (step.do === 'unask' ? item.reply?.cancel() : item.cancel()) item.isUnwanted = true
        }
        t.deepEqual(told, model.told)
        t.is(mailbox.size, model.lane.length + model.control.length)
        t.true(model.lane.length <= capacity)
      }
      mailbox.close()
      const ends = [...told.map(([type]) => type), ...gone].sort()
      t.deepEqual(ends, items.map(({ envelope: { event } }) => event.type).sort())
    }),
    { numRuns: 500 },
  )
  t.pass()
})
