/** Law: cancelling runs against the flow, once, as far as nobody else waits, and always ends with everybody released. */
import test from 'ava'
import { Deferred, type Keeper } from '../../../runtime/deferred/deferred.ts'
import { CancelledError } from '../../../runtime/errors.ts'
import { microtasksDone, quiet, RecordingWatch, watchOutcome } from './support.ts'

/** A deferred that counts how often its canceller ran, and with which reason. */
function cancellable<T>(): { deferred: Deferred<T>; reasons: unknown[] } {
  const reasons: unknown[] = []
  return { deferred: quiet<T>((reason) => reasons.push(reason)), reasons }
}

test('the canceller runs once, with the reason, and the error carries that reason', (t) => {
  const { deferred, reasons } = cancellable()
  const seen = watchOutcome(deferred)
  t.true(deferred.cancel('client left'))
  t.false(deferred.cancel('again'))
  t.deepEqual(reasons, ['client left'])
  const error = seen.now[1] as CancelledError
  t.true(error instanceof CancelledError)
  t.is(error.code, 'CANCELLED')
  t.is(error.reason, 'client left')
  t.is(error.message, 'cancelled: client left')
})

test('a CancelledError given as the reason is passed on as it is', (t) => {
  const deferred = quiet()
  const seen = watchOutcome(deferred)
  const error = new CancelledError('from above')
  deferred.cancel(error)
  t.is(seen.now[1], error)
})

for (const settle of ['resolve', 'reject', 'cancel'] as const) {
  test(`the canceller does not run after ${settle}`, (t) => {
    const { deferred, reasons } = cancellable<unknown>()
    deferred[settle]('done')
    const before = reasons.length
    t.false(deferred.cancel('late'))
    t.is(reasons.length, before)
  })
}

test('a canceller that throws still settles, and nothing escapes', (t) => {
  const deferred = quiet(() => {
    throw new Error('cannot stop')
  })
  const seen = watchOutcome(deferred)
  t.true(deferred.cancel())
  t.true(seen.now[1] instanceof CancelledError)
})

test('a canceller may settle the deferred itself', (t) => {
  const partial: Deferred<string> = quiet(() => partial.resolve('as far as it got'))
  const seen = watchOutcome(partial)
  t.true(partial.cancel())
  t.deepEqual(seen.now, ['value', 'as far as it got'])
})

test('a canceller that cancels again changes nothing', (t) => {
  let runs = 0
  const deferred: Deferred<void> = quiet(() => {
    runs += 1
    deferred.cancel('inner')
  })
  const seen = watchOutcome(deferred)
  deferred.cancel('outer')
  t.is(runs, 1)
  t.is(seen.count, 1)
})

test('goes up a chain of thens to the source, and settles all of it with one error', (t) => {
  const { deferred, reasons } = cancellable<number>()
  const first = deferred.then((n) => n + 1)
  const second = first.then((n) => n + 1)
  const last = second.catch(() => 0)
  last.cancel('enough')
  t.deepEqual(reasons, ['enough'])
  const errors = [deferred, first, second, last].map((link) => watchOutcome(link).now[1])
  t.is(new Set(errors).size, 1)
  t.true(errors[0] instanceof CancelledError)
})

test('goes up into an adopted deferred', (t) => {
  const { deferred: inner, reasons } = cancellable<number>()
  const outer = quiet<number>()
  outer.resolve(inner)
  outer.cancel('enough')
  t.deepEqual(reasons, ['enough'])
  t.is(inner.status, 'rejected')
  t.is(outer.status, 'rejected')
})

test('goes up into a deferred that a handler returned', async (t) => {
  const { deferred: inner, reasons } = cancellable<number>()
  const outer = Deferred.of(1).then(() => inner)
  watchOutcome(outer)
  await microtasksDone()
  t.is(outer.status, 'pending')
  outer.cancel('enough')
  t.deepEqual(reasons, ['enough'])
})

test('the canceller of a deferred that has adopted another runs beside that of the other', (t) => {
  const inner = cancellable<number>()
  const outer = cancellable<number>()
  outer.deferred.resolve(inner.deferred)
  outer.deferred.cancel('enough')
  t.deepEqual([outer.reasons, inner.reasons], [['enough'], ['enough']])
})

test('a promise is abandoned by cancelling, and the canceller may stop its work', (t) => {
  const { deferred, reasons } = cancellable<number>()
  deferred.resolve(new Promise<number>(() => {}))
  t.true(deferred.cancel('enough'))
  t.deepEqual(reasons, ['enough'])
  t.is(deferred.status, 'rejected')
})

const consumers: Record<string, (source: Deferred<number>) => Deferred<number>> = {
  then: (source) => source.then((n) => n),
  adoption: (source) => {
    const follower = quiet<number>()
    follower.resolve(source)
    return follower
  },
}

for (const [name, consume] of Object.entries(consumers)) {
  test(`${name}: leaves a source alone that somebody else waits for`, (t) => {
    const { deferred, reasons } = cancellable<number>()
    const one = consume(deferred)
    const other = consume(deferred)
    const seen = [one, other].map(watchOutcome)
    one.cancel('not interested')
    t.deepEqual(reasons, [])
    t.is(deferred.status, 'pending')
    t.is(seen[0]?.now[0], 'error')
    t.is(seen[1]?.now[0], 'pending')
  })

  test(`${name}: the last consumer to cancel cancels the source`, (t) => {
    const { deferred, reasons } = cancellable<number>()
    const all = [1, 2, 3].map(() => consume(deferred))
    all.forEach(watchOutcome)
    all.forEach((consumer, n) => {
      t.deepEqual(reasons, [])
      consumer.cancel(n)
    })
    t.deepEqual(reasons, [2])
    t.is(deferred.status, 'rejected')
  })

  test(`${name}: a listener on the source counts as a consumer`, (t) => {
    const { deferred } = cancellable<number>()
    watchOutcome(deferred)
    consume(deferred).cancel()
    t.is(deferred.status, 'pending')
  })
}

for (const isShared of [false, true]) {
  const kind = isShared ? 'shared' : 'sole'
  test(`a handler on a cancelled branch of a ${kind} source is told of the cancellation once, and of nothing else`, async (t) => {
    const source = quiet<number>()
    const calls: unknown[] = []
    if (isShared) watchOutcome(source)
    const branch = source.then(
      (value) => calls.push(value),
      (error) => calls.push((error as CancelledError).reason),
    )
    const cleaned = source.finally(() => void calls.push('cleaned'))
    const seen = [branch, cleaned].map(watchOutcome)
    branch.cancel('one')
    cleaned.cancel('two')
    source.resolve(1)
    await microtasksDone()
    t.deepEqual(calls.sort(), ['cleaned', 'one'])
    for (const { now, count } of seen) {
      t.true(now[1] instanceof CancelledError)
      t.is(count, 1)
    }
  })
}

test('finally, catch and then behind a cancelled deferred run as for any failure', async (t) => {
  const source = quiet<string>()
  const calls: string[] = []
  const end = source
    .then(() => calls.push('never'))
    .finally(() => void calls.push('cleaned'))
    .catch((error) => calls.push((error as CancelledError).code))
    .then(() => 'recovered')
  source.cancel()
  t.is(await end, 'recovered')
  t.deepEqual(calls, ['cleaned', 'CANCELLED'])
})

test('a listener may cancel a follower while the source settles', (t) => {
  const source = quiet<number>()
  const follower = quiet<number>()
  follower.resolve(source)
  const seen = watchOutcome(follower)
  source.listen(
    () => follower.cancel('changed my mind'),
    () => t.fail(),
  )
  source.resolve(1)
  t.is(follower.status, 'rejected')
  t.is(seen.count, 1)
  t.true(seen.now[1] instanceof CancelledError)
})

test('a result that comes after the cancellation is dropped', async (t) => {
  const source = quiet<number>()
  const derived = source.then(() => t.fail())
  derived.cancel()
  t.false(source.resolve(1))
  await microtasksDone()
  t.is(derived.status, 'rejected')
})

test('deferreds that wait for each other in a ring can be cancelled', (t) => {
  const [a, b, c] = [quiet<unknown>(), quiet<unknown>(), quiet<unknown>()]
  a.resolve(b)
  b.resolve(a)
  c.resolve(a)
  t.true(c.cancel('stuck'))
  t.true(a.cancel('stuck'))
  t.deepEqual(
    [a, b, c].map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
})

test('a source that lives long keeps nothing of consumers that were cancelled', (t) => {
  const source = quiet<void>()
  watchOutcome(source)
  for (let i = 0; i < 100_000; i++) source.then(() => t.fail()).cancel()
  const { observers } = source as unknown as { observers: { observers: unknown[] } }
  t.true(observers.observers.length <= 3, `${observers.observers.length} observers are kept`)
})

/** A keeper that writes down what it is told, and how the deferred stood then. */
function recordingKeeper(): { keeper: Keeper; told: string[] } {
  const told: string[] = []
  return {
    told,
    keeper: {
      cancelled: (deferred) => told.push(`cancelled ${deferred.status}`),
      released: () => told.push('released'),
    },
  }
}

const endings: Record<string, [settle: (deferred: Deferred<unknown>) => void, told: string[]]> = {
  'a value': [(deferred) => deferred.resolve(1), ['released', 'listener']],
  'an error': [(deferred) => deferred.reject(new Error('lost')), ['released', 'listener']],
  'a cancellation': [(deferred) => deferred.cancel(), ['cancelled pending', 'released', 'listener']],
}
for (const [ending, [settle, expected]] of Object.entries(endings)) {
  test(`a keeper is told once of the end by ${ending}, before anybody else`, (t) => {
    const { keeper, told } = recordingKeeper()
    const deferred = quiet()
    deferred.keeper = keeper
    const listener = () => void told.push('listener')
    deferred.listen(listener, listener)
    settle(deferred)
    deferred.resolve(2)
    deferred.cancel()
    t.deepEqual(told, expected)
    t.true(deferred.keeper === undefined)
  })
}

test('a keeper is told of a cancellation that comes up from what was derived', (t) => {
  const { keeper, told } = recordingKeeper()
  const deferred = quiet()
  deferred.keeper = keeper
  deferred.then().then().cancel()
  t.deepEqual(told, ['cancelled pending', 'released'])
})

test('one keeper serves many deferreds, and another may take its place untold', (t) => {
  const [first, second] = [recordingKeeper(), recordingKeeper()]
  const [a, b] = [quiet(), quiet()]
  a.keeper = first.keeper
  b.keeper = first.keeper
  b.keeper = second.keeper
  a.resolve(1)
  b.cancel()
  t.deepEqual([first.told, second.told], [['released'], ['cancelled pending', 'released']])
  a.keeper = second.keeper
  t.true(a.keeper === undefined)
})

test('what a keeper throws harms nobody', (t) => {
  const deferred = quiet()
  const seen = watchOutcome(deferred)
  deferred.keeper = {
    cancelled: () => {
      throw new Error('cannot stop')
    },
    released: () => {},
  }
  t.true(deferred.cancel())
  t.true(seen.now[1] instanceof CancelledError)
})

test('one that attends is told of the end, and is nobody for whom a source is kept or a failure counts as seen', (t) => {
  const told: unknown[] = []
  const note = (result: unknown) => void told.push(result)
  const watch = new RecordingWatch()
  const source = new Deferred<number>(undefined, watch)
  source.attend(note, note)
  const [first, second] = [source.then(), source.then()]
  source.attend(note, note)
  first.cancel()
  t.true(source.isPending, 'the second waits')
  second.cancel()
  t.false(source.isPending)
  t.is(told.length, 2)
  t.true(told[0] instanceof CancelledError)

  const lost = new Error('lost')
  const failing = new Deferred<number>(undefined, watch)
  failing.attend(note, note)
  failing.reject(lost)
  failing.attend(note, note)
  t.deepEqual(told.slice(2), [lost, lost])
  t.deepEqual(watch.errors, [lost])
  t.false(failing.isObserved)

  const fulfilled = Deferred.of(1)
  fulfilled.attend(note, note)
  t.is(told.at(-1), 1)
})

test('where the outcome is awaited nothing below is settled by cancelling, and all of it by the truth', async (t) => {
  const asked: unknown[] = []
  for (const isValue of [true, false]) {
    const source = quiet<number>()
    source.keeper = { cancelled: (deferred) => asked.push(deferred) > 0 }
    const first = source.then((value) => value + 1)
    const second = first.then((value) => value + 1)
    const adopting = quiet<number>()
    adopting.resolve(second)
    t.true(adopting.cancel('enough'))
    t.is(asked.pop(), source)
    t.deepEqual(
      [source, first, second, adopting].map(({ status }) => status),
      Array(4).fill('pending'),
    )
    if (isValue) source.resolve(40)
    else source.reject(new Error('rolled back'))
    if (isValue) t.is(await second, 42)
    else await t.throwsAsync(async () => second, { message: 'rolled back' })
  }
})
