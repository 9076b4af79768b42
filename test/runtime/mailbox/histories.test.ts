/** Law: whatever happens to a mailbox, it does what arrays would do, and every envelope ends in exactly one place. */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { Envelope } from '../../../runtime/mailbox/envelope.ts'
import { Mailbox, type Overflow } from '../../../runtime/mailbox/mailbox.ts'
import { Priorities } from '../../../runtime/mailbox/priorities.ts'
import type { DeadReason } from '../../../runtime/mailbox/refusal.ts'
import { createTestContext } from '../context/support.ts'
import { type Item, Model } from './model.ts'
import { createMailbox, overflows, takeEnvelopes } from './support.ts'

const SENDERS: readonly (string | undefined)[] = [undefined, 'ann', 'bob']
const PRIORITIES: readonly (readonly string[])[] = [['urgent', 'alarm'], ['soon']]
const types = fc.constantFrom('urgent', 'alarm', 'soon', 'late')

interface Message {
  readonly type: string
  readonly sender: string | undefined
  readonly timeoutMs: number | undefined
  readonly isQuestion: boolean
}

type Step =
  | ({ do: 'offer' } & Message)
  | { do: 'control' | 'take' | 'setAside' | 'giveBack' | 'show' | 'close' }
  | { do: 'withdraw' | 'unask' | 'cancel'; at: number }
  | { do: 'advance'; ms: number }

const CONTROL: Message = { type: 'control', sender: undefined, timeoutMs: undefined, isQuestion: false }
const offerStep: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('offer' as const),
  type: types,
  sender: fc.constantFrom(...SENDERS),
  timeoutMs: fc.option(fc.nat(12), { nil: undefined }),
  isQuestion: fc.boolean(),
})
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 16, arbitrary: offerStep },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom('control', 'take', 'take', 'setAside', 'setAside', 'giveBack', 'show', 'show'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('withdraw' as const, 'unask' as const, 'cancel' as const),
        at: fc.nat(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(4) }) },
    fc.record({ do: fc.constant('close' as const) }),
  ),
  { maxLength: 80 },
)

interface Settings {
  readonly capacity: number
  readonly overflow: Overflow
  readonly priorities: readonly (readonly string[])[] | undefined
}

const settings: fc.Arbitrary<Settings> = fc.record({
  capacity: fc.integer({ min: 1, max: 12 }),
  overflow: fc.constantFrom(...overflows),
  priorities: fc.constantFrom(undefined, PRIORITIES),
})

/** A mailbox and its model, to which the same happens. */
class Pair {
  private readonly test = createTestContext()
  private readonly mailbox: Mailbox
  private readonly model: Model
  private readonly items: Item[] = []
  private readonly byEnvelope = new Map<Envelope, Item>()
  private readonly dead: [Envelope, DeadReason][] = []
  private readonly handled: Envelope[] = []
  private readonly withdrawn: Envelope[] = []
  private readonly aside: Item[] = []
  private readonly t: ExecutionContext

  constructor(t: ExecutionContext, { capacity, overflow, priorities }: Settings) {
    this.t = t
    const sink = {
      undelivered: (envelope: Envelope, reason: DeadReason) => void this.dead.push([envelope, reason]),
    }
    this.mailbox = new Mailbox(capacity, overflow, sink, priorities && Priorities.of(priorities))
    this.model = new Model(capacity, overflow, priorities)
  }

  step(step: Step): void {
    const { t, mailbox, model } = this
    const { clock } = this.test
    if ('at' in step) {
      const item = this.items[step.at % this.items.length]
      if (item !== undefined) this.callOff(step.do, item)
    } else if (step.do === 'offer') {
      const item = this.create(step)
      t.is(mailbox.offer(item.envelope), model.offer(item, clock.nowMs()))
    } else if (step.do === 'control') {
      const item = this.create(CONTROL)
      t.is(mailbox.offerControl(item.envelope), model.offerControl(item))
    } else if (step.do === 'advance') clock.advance(step.ms)
    else if (step.do === 'giveBack') this.giveBack()
    else if (step.do === 'show') this.show()
    else if (step.do === 'close') this.close()
    else this.take(step.do === 'setAside')
  }

  /** Both have told the same, and know the same of what waits. */
  compare(): void {
    const { t, mailbox, model } = this
    const told = this.dead.map(([envelope, reason]) => [this.byEnvelope.get(envelope)?.number, reason])
    t.deepEqual(
      told,
      model.dead.map(([{ number }, reason]) => [number, reason]),
    )
    t.is(mailbox.size, model.size)
    t.is(mailbox.oldestSinceMs, model.oldestSinceMs)
    t.true(model.lane.length <= model.capacity)
  }

  /** Ends it: every envelope was handled, withdrawn or told of, once. */
  account(): void {
    this.giveBack()
    this.close()
    this.compare()
    const ends = [...this.handled, ...this.withdrawn, ...this.dead.map(([envelope]) => envelope)]
    const numbers = ends.map((envelope) => this.byEnvelope.get(envelope)?.number as number)
    this.t.deepEqual(
      numbers.sort((a, b) => a - b),
      this.items.map(({ number }) => number),
    )
  }

  private create({ type, sender, timeoutMs, isQuestion }: Message): Item {
    const { ctx } = this.test
    const within = timeoutMs === undefined ? ctx : ctx.withTimeout(timeoutMs)
    const [child, cancel] = within.withCancel()
    const reply = isQuestion ? ctx.deferred<unknown>() : undefined
    const envelope = new Envelope({ type }, child, sender, reply)
    const item: Item = {
      number: this.items.length,
      envelope,
      deadlineMs: child.deadlineMs,
      reply,
      cancel,
      isUnwanted: false,
      level: 0,
      sinceMs: undefined,
    }
    this.items.push(item)
    this.byEnvelope.set(envelope, item)
    return item
  }

  private take(isSetAside: boolean): void {
    const item = this.model.take(this.test.clock.nowMs())
    this.t.is(this.mailbox.take(), item?.envelope)
    if (item === undefined) return
    if (isSetAside) this.aside.push(item)
    else this.handled.push(item.envelope)
  }

  private giveBack(): void {
    const items = this.aside.splice(0)
    this.mailbox.giveBack(items.map(({ envelope }) => envelope))
    this.model.giveBack(items)
  }

  private show(): void {
    const nowMs = this.test.clock.nowMs()
    const shown: number[] = []
    this.mailbox.showWaiting(nowMs, (envelope) => shown.push(this.byEnvelope.get(envelope)?.number as number))
    const expected = this.model.note(nowMs).sort((a, b) => a.level - b.level)
    this.t.deepEqual(
      shown,
      expected.map(({ number }) => number),
    )
  }

  private callOff(how: 'withdraw' | 'unask' | 'cancel', item: Item): void {
    const { reply, envelope } = item
    if (how !== 'withdraw') {
      if (how === 'unask' ? reply?.cancel() : item.cancel()) item.isUnwanted = true
    } else if (reply !== undefined) {
      const isBack = this.mailbox.withdraw(reply)
      this.t.is(isBack, this.model.withdraw(item))
      if (isBack) this.withdrawn.push(envelope)
    }
  }

  private close(): void {
    this.mailbox.close()
    this.model.close()
  }
}

test('any history does what arrays would do, and every envelope ends in exactly one place', (t) => {
  fc.assert(
    fc.property(settings, steps, (options, history) => {
      const pair = new Pair(t, options)
      for (const step of history) {
        pair.step(step)
        pair.compare()
      }
      pair.account()
    }),
    { numRuns: 500 },
  )
  t.pass()
})

test('whatever overflows, and however mail is ranked, what one sender says is handled in its order', (t) => {
  type Move = { do: 'say'; sender: number; type: string } | { do: 'handle' | 'postpone' | 'resume' }
  const moves: fc.Arbitrary<Move[]> = fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('say' as const), sender: fc.nat(2), type: types }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('handle', 'handle', 'postpone', 'resume') }),
      },
    ),
    { maxLength: 120 },
  )
  fc.assert(
    fc.property(settings, moves, (options, history) => {
      const { ctx } = createTestContext()
      const { mailbox } = createMailbox(options)
      const order: Envelope[] = []
      const handled: Envelope[] = []
      const aside: Envelope[] = []
      for (const move of history) {
        if (move.do === 'say') {
          const said = new Envelope({ type: move.type }, ctx, move.sender, undefined)
          order.push(said)
          mailbox.offer(said)
        } else if (move.do === 'resume') {
          mailbox.giveBack(aside.splice(0))
        } else {
          const taken = mailbox.take()
          // One that postpones handles nothing until it has taken up again what it postponed.
          if (taken !== undefined) (move.do === 'handle' && aside.length === 0 ? handled : aside).push(taken)
        }
      }
      mailbox.giveBack(aside)
      handled.push(...takeEnvelopes(mailbox))
      for (const sender of [0, 1, 2]) {
        const places = handled.filter((each) => each.sender === sender).map((each) => order.indexOf(each))
        t.deepEqual(
          places,
          [...places].sort((a, b) => a - b),
        )
      }
    }),
    { numRuns: 500 },
  )
  t.pass()
})
