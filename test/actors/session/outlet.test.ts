/**
 * Guards: what waits for a slow peer has a bound and an order, and what is lost is told. The outlet stands on a connection
 * of the test's own here, which is blocked and drains when the test says so; what is said to it alone, and what was gathered
 * for it and others, is one stream of messages.
 */
import test from 'ava'
import fc from 'fast-check'
import type { Connection } from '../../../actors/connection/connection.ts'
import { createSessionLimits, type SessionLimits, type WhenSlow } from '../../../actors/session/limits.ts'
import { Outlet } from '../../../actors/session/outlet.ts'
import { Run } from '../../../actors/session/run.ts'
import { type Format, Shared } from '../../../actors/session/shared.ts'
import type { Log } from '../../../runtime/context/log.ts'

interface Options extends Partial<SessionLimits> {
  readonly whenSlow?: WhenSlow
  readonly missed?: (missed: number) => string
}

/** What a connection is to its outlet. It takes so many more messages before it is blocked. */
class Stream {
  room = Number.POSITIVE_INFINITY
  written: string[] = []
  woken = 0
  logged: string[] = []
  readonly ref = { isAlive: true }
  /** Its system is none of which anything is asked here: what is gathered is given by `putRun`. */
  readonly ctx = {
    log: { error: (_: object, message: string) => void this.logged.push(message) },
    get: () => this,
  }
  readonly outlet: Outlet<string>
  private readonly format: Format<string> = { encode }

  constructor({ whenSlow = 'disconnect', missed, ...limits }: Options = {}) {
    this.outlet = new Outlet(this as unknown as Connection, {
      format: this.format,
      limits: createSessionLimits(limits),
      whenSlow,
      missed,
    })
  }

  get isBlocked(): boolean {
    return this.room <= 0
  }

  write(bytes: string): void {
    this.written.push(bytes)
    this.room -= 1
  }

  wake(): void {
    this.woken += 1
  }

  put(...messages: readonly string[]): void {
    for (const message of messages) this.outlet.put(new Shared(message))
  }

  putRun(...messages: readonly string[]): void {
    const audience = { group: 'all', groupChanges: 0, except: undefined, taps: [this.outlet], mailed: [] }
    const run = new Run(this.ctx.log as unknown as Log, audience)
    for (const message of messages) run.add(new Shared(message))
    run.giveOut()
  }

  drain(room: number): void {
    this.room = room
    this.outlet.drained()
  }
}

function encode(message: string): string {
  if (message === 'boom') throw new Error('boom')
  return message
}

test('while the peer reads, a message leaves at once', (t) => {
  const stream = new Stream()
  stream.put('a', 'b')
  t.deepEqual(stream.written, ['a', 'b'])
  t.is(stream.outlet.queued, 0)
})

test('what comes while others wait stands behind them, also once there is room', (t) => {
  const stream = new Stream()
  stream.room = 1
  stream.put('a', 'b', 'c')
  t.deepEqual(stream.written, ['a'])
  t.is(stream.outlet.queued, 2)
  // There is room, and the outlet has not been told yet.
  stream.room = 1
  stream.put('d')
  stream.drain(1)
  t.deepEqual(stream.written, ['a', 'b'])
  stream.put('e')
  stream.drain(10)
  stream.put('f')
  t.deepEqual(stream.written, ['a', 'b', 'c', 'd', 'e', 'f'])
})

test('what other actors bring is taken as it is, or as it is shared', (t) => {
  const stream = new Stream()
  stream.outlet.take('a')
  stream.outlet.take(new Shared('b'))
  t.deepEqual(stream.written, ['a', 'b'])
})

test('disconnect: one message more than may wait, and the outlet is overrun and holds nothing', (t) => {
  const stream = new Stream({ queueMessagesMax: 2 })
  stream.room = 0
  stream.put('a', 'b')
  t.false(stream.outlet.isOverrun)
  stream.put('c')
  t.true(stream.outlet.isOverrun)
  t.is(stream.woken, 1)
  t.is(stream.outlet.queued, 0)
  stream.put('d')
  stream.drain(10)
  stream.outlet.close()
  t.deepEqual(stream.written, [])
  t.is(stream.woken, 1)
})

test('disconnect: one byte more than may wait', (t) => {
  const stream = new Stream({ queueBytesMax: 5 })
  stream.room = 0
  stream.put('ab', 'cde')
  t.false(stream.outlet.isOverrun)
  stream.put('f')
  t.true(stream.outlet.isOverrun)
})

for (const whenSlow of ['disconnect', 'dropOldest'] as const) {
  test(`${whenSlow}: a single message may be larger than all that may wait`, (t) => {
    const stream = new Stream({ queueBytesMax: 5, whenSlow })
    stream.room = 0
    stream.put('abcdefghij')
    t.false(stream.outlet.isOverrun)
    stream.drain(10)
    t.deepEqual(stream.written, ['abcdefghij'])
  })

  test(`${whenSlow}: what has left makes room, in messages and in bytes`, (t) => {
    const stream = new Stream({ queueBytesMax: 4, queueMessagesMax: 2, whenSlow })
    for (let i = 0; i < 50; i++) {
      stream.room = 0
      stream.put('ab', 'cd')
      stream.drain(2)
    }
    t.false(stream.outlet.isOverrun)
    t.is(stream.outlet.dropped, 0)
    t.is(stream.written.length, 100)
  })
}

const missed = (missed: number) => `(${missed})`

test('dropOldest: the oldest give way, and the peer is told how many, once, where they would have been', (t) => {
  const stream = new Stream({ queueMessagesMax: 2, whenSlow: 'dropOldest', missed })
  stream.room = 0
  stream.put('a', 'b', 'c', 'd', 'e')
  t.is(stream.outlet.dropped, 3)
  t.is(stream.outlet.queued, 2)
  stream.drain(10)
  t.deepEqual(stream.written, ['(3)', 'd', 'e'])
  stream.put('f')
  stream.drain(10)
  t.deepEqual(stream.written, ['(3)', 'd', 'e', 'f'])
  stream.room = 0
  stream.put('g', 'h', 'i')
  stream.outlet.close()
  t.deepEqual(stream.written.slice(4), ['(1)', 'h', 'i'])
  t.is(stream.outlet.dropped, 4)
})

test('dropOldest: a large message takes the place of as many as it needs', (t) => {
  const stream = new Stream({ queueBytesMax: 6, whenSlow: 'dropOldest', missed })
  stream.room = 0
  stream.put('ab', 'cd', 'ef', 'ghij')
  stream.drain(10)
  t.deepEqual(stream.written, ['(2)', 'ef', 'ghij'])
  stream.room = 0
  stream.put('k', 'larger than all', 'l')
  stream.drain(10)
  t.deepEqual(stream.written.slice(3), ['(2)', 'l'])
})

test('dropOldest: without `missed` the peer is told nothing', (t) => {
  const stream = new Stream({ queueMessagesMax: 1, whenSlow: 'dropOldest' })
  stream.room = 0
  stream.put('a', 'b')
  stream.drain(10)
  t.deepEqual(stream.written, ['b'])
  t.is(stream.outlet.dropped, 1)
})

test('dropOldest: a `missed` that throws is logged, and what waits goes on', (t) => {
  const stream = new Stream({
    queueMessagesMax: 1,
    whenSlow: 'dropOldest',
    missed() {
      throw new Error('no words')
    },
  })
  stream.room = 0
  stream.put('a', 'b')
  stream.drain(10)
  t.deepEqual(stream.written, ['b'])
  t.deepEqual(stream.logged, ['a message could not be encoded, and was not sent: no words'])
})

test('close writes all that waits, however much it is, and then nothing', (t) => {
  const stream = new Stream()
  stream.room = 0
  stream.put('a', 'b', 'c')
  stream.outlet.close()
  stream.outlet.close()
  stream.put('d')
  stream.drain(10)
  t.deepEqual(stream.written, ['a', 'b', 'c'])
})

test('what cannot be encoded is logged and left out, and the others keep their order', (t) => {
  const stream = new Stream()
  stream.put('a', 'boom', 'b')
  stream.room = 0
  stream.put('c', 'boom', 'd')
  stream.drain(10)
  t.deepEqual(stream.written, ['a', 'b', 'c', 'd'])
  t.is(stream.logged.length, 2)
})

test('what was gathered leaves in one piece, or in pieces of 16 KiB at most, cut between messages', (t) => {
  const stream = new Stream()
  stream.putRun('a', 'b', 'c')
  t.deepEqual(stream.written, ['abc'])
  const long = (char: string) => char.repeat(6_000)
  stream.putRun(...'defgh'.split('').map(long), 'i')
  t.deepEqual(stream.written.slice(1), [
    `${long('d')}${long('e')}`,
    `${long('f')}${long('g')}`,
    `${long('h')}i`,
  ])
  stream.putRun('x'.repeat(50_000), 'y')
  t.deepEqual(
    stream.written.slice(4).map(({ length }) => length),
    [50_000, 1],
  )
})

test('what was gathered waits message by message while the peer does not read, and each counts', (t) => {
  const stream = new Stream({ queueMessagesMax: 3, whenSlow: 'dropOldest', missed })
  stream.room = 0
  stream.putRun('a', 'b', 'c', 'd', 'e')
  t.is(stream.outlet.queued, 3)
  t.is(stream.outlet.dropped, 2)
  stream.put('f')
  stream.drain(10)
  t.deepEqual(stream.written, ['(3)', 'd', 'e', 'f'])
})

test('where the stream is blocked within what was gathered, the rest waits', (t) => {
  const stream = new Stream({ queueMessagesMax: 2 })
  stream.room = 1
  const long = (char: string) => char.repeat(10_000)
  stream.putRun(long('a'), long('b'), long('c'))
  t.deepEqual(stream.written, [long('a')])
  t.is(stream.outlet.queued, 2)
  stream.putRun('d')
  t.true(stream.outlet.isOverrun)
  t.is(stream.outlet.answer, 'full')
})

test('it answers what becomes of a message', (t) => {
  const overrun = new Stream({ queueMessagesMax: 1 })
  t.is(overrun.outlet.answer, 'accepted')
  overrun.room = 0
  overrun.put('a', 'b')
  t.is(overrun.outlet.answer, 'full')
  overrun.ref.isAlive = false
  t.is(overrun.outlet.answer, 'closed')
  const closed = new Stream()
  closed.outlet.close()
  t.is(closed.outlet.answer, 'closed')
})

/** Does what a program says, on the real one and on a list. */
const text = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('x', 'y', 'z') })
const step = fc.oneof(
  fc.record({ put: text }),
  fc.record({ putRun: fc.array(text, { maxLength: 4 }) }),
  fc.record({ drain: fc.nat(3) }),
  fc.record({ block: fc.constant(true) }),
)

test('whatever comes, blocks and drains: in order, within the bounds, and each that is missing is told of', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (program) => {
      const stream = new Stream({ queueMessagesMax: 4, queueBytesMax: 12, whenSlow: 'dropOldest', missed })
      const put: string[] = []
      for (const step of program) {
        if ('put' in step) {
          put.push(`${step.put}${put.length};`)
          stream.put(put.at(-1) as string)
        } else if ('putRun' in step) {
          const run = step.putRun.map((text, i) => `${text}${put.length + i};`)
          put.push(...run)
          stream.putRun(...run)
        } else if ('drain' in step) stream.drain(step.drain)
        else stream.room = 0
        t.true(stream.outlet.queued <= 4)
      }
      stream.drain(Number.POSITIVE_INFINITY)
      let at = 0
      for (const [text, count] of stream.written.join('').matchAll(/\((\d+)\)|\w+;/g)) {
        if (count === undefined) t.is(text, put[at++] as string)
        else at += Number(count)
      }
      t.is(at, put.length)
    }),
    { numRuns: 500 },
  )
})
