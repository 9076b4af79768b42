/**
 * Law: all that a turn says arrives as one batch, in the order in which it was said. What of it cannot be cloned is told,
 * once, and alone: the rest arrives all the same.
 */
import test from 'ava'
import fc from 'fast-check'
import { type Batch, Link } from '../../../runtime/worker/link.ts'
import { Outbox } from '../../../runtime/worker/outbox.ts'
import { transfer } from '../../../runtime/worker/transfer.ts'
import {
  ASK,
  apart,
  CANCEL,
  CONTEXT,
  type CrossedRef,
  FAILURE,
  isRun,
  nextItem,
  SPAWN,
  STOP,
  TAKEN,
  TELL,
  VALUE,
} from '../../../runtime/worker/wire.ts'
import { asMessagePort, memoryChannel } from './memory-port.ts'

/** An outbox at one end of a link, and what has come out at the other. Its owner looks at what is refused. */
function ends(looksAt: (item: Batch) => void = () => {}) {
  const [here, there] = memoryChannel()
  const batches: Batch[] = []
  const refused: Batch[] = []
  const failures: unknown[] = []
  let wakes = 0
  let closed = 0
  const link = new Link(
    asMessagePort(here),
    () => {},
    () => {
      closed += 1
    },
  )
  new Link(
    asMessagePort(there),
    (batch) => void batches.push(batch),
    () => {
      closed += 1
    },
  )
  const outbox = new Outbox({
    link,
    onFirst: () => {
      wakes += 1
    },
    onRefused: (item) => {
      refused.push(item)
      looksAt(item)
    },
    failed: (error) => void failures.push(error),
  })
  return {
    outbox,
    link,
    batches,
    refused,
    failures,
    carry: () => there.carry(),
    wakes: () => wakes,
    closed: () => closed,
  }
}

/** All that batches say, one thing each. */
function things(batches: readonly Batch[]): Batch[] {
  const all: Batch[] = []
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at = nextItem(batch, at)) {
      const item = isRun(batch[at] as number) ? apart(batch, at) : [batch.slice(at, nextItem(batch, at))]
      all.push(...item)
    }
  }
  return all
}

const hostile: Readonly<Record<string, () => object>> = {
  'a function': () => ({ value: () => 5 }),
  'a symbol': () => ({ value: Symbol('s') }),
  'a getter that throws': () => ({
    get value() {
      throw new Error('a trap')
    },
  }),
  'an input that throws': () => ({
    get input() {
      throw new Error('a trap')
    },
  }),
  'a proxy whose every look throws': () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('a trap')
        },
      },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
}

const senders: readonly (CrossedRef | undefined)[] = [undefined, [1, 'greenroom/a'], [2, 'greenroom/b']]

/** What is said of one thing. `isGood` where it can be cloned. */
const said = fc.record({
  kind: fc.constantFrom(
    ASK,
    ASK,
    ASK,
    TELL,
    TELL,
    VALUE,
    VALUE,
    VALUE,
    CANCEL,
    FAILURE,
    TAKEN,
    CONTEXT,
    SPAWN,
    STOP,
  ),
  isNext: fc.constantFrom(true, true, true, false),
  context: fc.constantFrom(1, 1, 1, 2),
  isCancellable: fc.boolean(),
  sender: fc.constantFrom(...senders),
  value: fc.oneof(
    fc.integer(),
    fc.constantFrom(undefined, null, 'text'),
    fc.dictionary(fc.string(), fc.integer()),
  ),
  bad: fc.option(fc.constantFrom(...Object.keys(hostile)), { freq: 8 }),
})

/** What has a number of its own, and carries something of a user's. */
const NUMBERED: readonly number[] = [ASK, TELL, VALUE]

test('what is said arrives once, in its order; what cannot be cloned is told, and costs no other anything', (t) => {
  const origin = fc.constantFrom(0, 2 ** 31 - 3)
  fc.assert(
    fc.property(origin, fc.array(fc.array(said, { maxLength: 12 }), { maxLength: 5 }), (first, turns) => {
      const { outbox, batches, refused, carry, wakes } = ends()
      let id = first
      const expected: Batch[] = []
      const bad: Batch[] = []
      for (const turn of turns) {
        for (const { kind, isNext, context, isCancellable, sender, value, bad: how } of turn) {
          if (NUMBERED.includes(kind)) id = (id + (isNext ? 1 : 3)) | 0
          const isBad = how !== null && NUMBERED.includes(kind)
          const carried = isBad ? (hostile[how] as () => object)() : value
          let item: Batch
          if (kind === ASK || kind === TELL) {
            const event = isBad ? (carried as object) : { type: 'any', value }
            outbox.addMessage(kind, id, context, isCancellable, sender, event)
            item = [kind, id, context, isCancellable, sender, 1, event]
          } else if (kind === VALUE) {
            outbox.addValue(id, carried)
            item = [kind, id, 1, carried]
          } else {
            const fields = { [CANCEL]: [id, { value }], [FAILURE]: [id, { value }], [TAKEN]: [id, undefined] }
            const more = {
              [CONTEXT]: [id, { values: {} }, undefined],
              [SPAWN]: [{ input: value }],
              [STOP]: [],
            }
            const of = ({ ...fields, ...more } as Record<number, unknown[]>)[kind] as unknown[]
            outbox.add(kind, ...of)
            item = [kind, ...of]
          }
          ;(isBad ? bad : expected).push(item)
        }
        outbox.flush()
        const isClean = !turn.some(({ kind, bad: how }) => how !== null && NUMBERED.includes(kind))
        const came = carry()
        if (isClean) t.is(came, turn.length === 0 ? 0 : 1, 'a turn is one batch')
        t.true(outbox.isEmpty)
      }
      t.deepEqual(things(batches), expected)
      t.is(refused.length, bad.length)
      for (const [at, item] of refused.entries()) {
        t.deepEqual(item.slice(0, -1), bad[at]?.slice(0, -1))
        t.is(item.at(-1), bad[at]?.at(-1), 'with what it was')
      }
      t.is(wakes(), turns.filter((turn) => turn.length > 0).length, 'a turn asks to be flushed once')
    }),
  )
})

test('messages of one kind, context and sender share one head', (t) => {
  const { outbox, batches, carry } = ends()
  for (let id = 1; id <= 100; id++) outbox.addMessage(ASK, id, 1, false, undefined, { type: 'any', id })
  for (let id = 1; id <= 100; id++) outbox.addValue(id, id)
  outbox.flush()
  carry()
  t.deepEqual(
    batches.map(({ length }) => length),
    [6 + 8, 6 + 64, 6 + 28 + 3 + 100],
  )
})

test('of a turn that has much to say 8 messages leave at once, then 64, then 512; each turn anew', (t) => {
  const { outbox, carry } = ends()
  const say = (count: number): number => {
    for (let id = 1; id <= count; id++) outbox.addMessage(ASK, id, 1, false, undefined, { type: 'any' })
    return carry()
  }
  const endTurn = (): number => {
    outbox.flush()
    return carry()
  }
  for (let turn = 0; turn < 2; turn++) {
    t.deepEqual([say(7), say(1), say(63), say(1), say(511), say(1), say(4_095)], [0, 1, 0, 1, 0, 1, 0])
    t.is(endTurn(), 1)
    t.is(endTurn(), 0)
  }
})

test('what the owner throws over one that is refused is told, and costs no other item anything', (t) => {
  const { outbox, batches, refused, failures, carry } = ends(() => {
    throw new Error('looked at')
  })
  const told = ['a', () => 5, 'b', Symbol('c'), 'd']
  for (const [id, value] of told.entries()) outbox.addMessage(TELL, id, 1, false, undefined, { value })
  outbox.add(STOP)
  t.notThrows(() => outbox.flush())
  carry()
  t.deepEqual(
    things(batches).map((item) => (item[0] === STOP ? 'stop' : (item.at(-1) as { value: unknown }).value)),
    ['a', 'b', 'd', 'stop'],
  )
  t.is(refused.length, 2)
  t.deepEqual(
    failures.map((error) => (error as Error).message),
    ['looked at', 'looked at'],
  )
})

test('buffers that are marked move, once, whatever else stands in the batch', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('moved', 'copied', 'unmarked', 'bad'), { maxLength: 12 }),
      (kinds) => {
        const { outbox, batches, refused, carry } = ends()
        const buffers = kinds.map(() => new Uint8Array([1, 2, 3]))
        for (const [id, kind] of kinds.entries()) {
          const bytes = buffers[id] as Uint8Array<ArrayBuffer>
          const event = { type: 'any', bytes, ...(kind === 'bad' ? { why: () => 5 } : {}) }
          if (kind === 'moved' || kind === 'bad') transfer(event, [bytes.buffer])
          // A mark inside of what is sent is none.
          const sent = kind === 'unmarked' ? { type: 'any', input: transfer(event, [bytes.buffer]) } : event
          outbox.addMessage(TELL, id, 1, false, undefined, sent)
        }
        outbox.flush()
        carry()
        t.deepEqual(
          buffers.map(({ length }) => length),
          kinds.map((kind) => (kind === 'moved' ? 0 : 3)),
        )
        t.is(things(batches).length, kinds.filter((kind) => kind !== 'bad').length)
        t.is(refused.length, kinds.filter((kind) => kind === 'bad').length)
      },
    ),
  )
})

test('as many buffers are handed over as a message has', (t) => {
  const { outbox } = ends()
  const buffers = new Array<ArrayBuffer>(200_000).fill(new ArrayBuffer(0))
  t.notThrows(() => outbox.addValue(1, transfer({}, buffers)))
})

test('a turn after one that has moved buffers is one batch again', (t) => {
  const { outbox, carry } = ends()
  for (let turn = 0; turn < 3; turn++) {
    for (let id = 1; id <= 3; id++) {
      const { buffer } = new Uint8Array(8)
      outbox.addMessage(TELL, id, 1, false, undefined, transfer({ type: 'any', buffer }, [buffer]))
    }
    outbox.flush()
    t.is(carry(), 1)
  }
})

test('what is said to a link that is closed is for nobody, and both ends are told once', (t) => {
  const { outbox, link, batches, refused, carry, closed } = ends()
  outbox.add(STOP)
  outbox.flush()
  link.close()
  link.close()
  outbox.addValue(1, () => 'cannot be cloned')
  outbox.flush()
  carry()
  t.deepEqual(batches, [[STOP]])
  t.deepEqual(refused, [])
  t.is(closed(), 2)
})
