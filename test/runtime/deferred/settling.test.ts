/** Law: a deferred settles exactly once; whoever looks is told once, in order of arrival; what comes later is dropped. */
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, codeOf } from '../../../runtime/errors.ts'
import { microtasksDone, quiet, watchOutcome } from './support.ts'

const failure = new Error('failure')

const settlements: Record<
  string,
  { settle(deferred: Deferred<unknown>): boolean; status: Deferred<unknown>['status'] }
> = {
  resolve: { settle: (deferred) => deferred.resolve('value'), status: 'fulfilled' },
  reject: { settle: (deferred) => deferred.reject(failure), status: 'rejected' },
  cancel: { settle: (deferred) => deferred.cancel('reason'), status: 'rejected' },
}

for (const [first, { settle, status }] of Object.entries(settlements)) {
  for (const [second, late] of Object.entries(settlements)) {
    test(`${second} after ${first} is dropped and says so`, (t) => {
      const deferred = quiet<unknown>()
      const seen = watchOutcome(deferred)
      t.is(deferred.status, 'pending')
      t.true(settle(deferred))
      const outcome = seen.now
      t.false(late.settle(deferred))
      t.is(deferred.status, status)
      t.false(deferred.isPending)
      t.deepEqual(seen, { now: outcome, count: 1 })
    })
  }
}

for (const [name, { settle }] of Object.entries(settlements)) {
  test(`listeners are told within ${name}, in order of arrival, and at once where it has been`, (t) => {
    const deferred = quiet<unknown>()
    const calls: number[] = []
    for (const n of [1, 2, 3]) {
      deferred.listen(
        () => calls.push(n),
        () => calls.push(n),
      )
    }
    settle(deferred)
    t.deepEqual(calls, [1, 2, 3])
    deferred.listen(
      () => calls.push(4),
      () => calls.push(4),
    )
    t.deepEqual(calls, [1, 2, 3, 4])
  })
}

test('reactions never run within the call that settles, and run in order of arrival', async (t) => {
  const deferred = new Deferred<string>()
  const calls: string[] = []
  for (const n of [1, 2, 3]) deferred.then((value) => calls.push(`${value} ${n}`))
  deferred.resolve('hello')
  t.deepEqual(calls, [])
  deferred.then((value) => calls.push(`${value} 4`))
  t.deepEqual(calls, [])
  await microtasksDone()
  t.deepEqual(calls, ['hello 1', 'hello 2', 'hello 3', 'hello 4'])
})

test('listeners and reactions of one deferred keep one order', async (t) => {
  const deferred = new Deferred<void>()
  const calls: string[] = []
  deferred.then(() => calls.push('reaction'))
  deferred.listen(
    () => calls.push('listener'),
    () => {},
  )
  deferred.then(() => calls.push('second reaction'))
  deferred.resolve()
  await microtasksDone()
  t.deepEqual(calls, ['listener', 'reaction', 'second reaction'])
})

test('a listener that settles others or listens again disturbs nobody', (t) => {
  const first = new Deferred<number>()
  const second = new Deferred<number>()
  const calls: string[] = []
  const log = (name: string) => (value: number) => void calls.push(`${name} ${value}`)
  const never = () => t.fail()
  second.listen(log('second'), never)
  first.listen((value) => {
    calls.push(`first ${value}`)
    second.resolve(value + 1)
    first.listen(log('nested'), never)
    t.false(first.resolve(9))
  }, never)
  first.listen(log('last'), never)
  first.resolve(1)
  t.deepEqual(calls, ['first 1', 'second 2', 'nested 1', 'last 1'])
})

test('a deferred adopts another, settles in the same call as it, and takes no result of its own any more', (t) => {
  for (const settle of [
    (inner: Deferred<number>) => inner.resolve(7),
    (inner: Deferred<number>) => inner.reject(failure),
  ]) {
    const inner = new Deferred<number>()
    const outer = new Deferred<number>()
    const seen = watchOutcome(outer)
    t.true(outer.resolve(inner))
    t.is(outer.status, 'pending')
    t.false(outer.resolve(1))
    t.false(outer.reject(new Error('too late')))
    settle(inner)
    t.is(seen.count, 1)
    t.is(outer.status, inner.status)
  }
})

test('observers of a deferred come before those of its followers', (t) => {
  const source = new Deferred<void>()
  const follower = new Deferred<void>()
  const calls: string[] = []
  const observe = (deferred: Deferred<void>, name: string) =>
    deferred.listen(
      () => calls.push(name),
      () => t.fail(),
    )
  observe(source, 'source')
  follower.resolve(source)
  observe(follower, 'follower')
  observe(source, 'source again')
  source.resolve()
  t.deepEqual(calls, ['source', 'source again', 'follower'])
})

test('a deferred that waits for itself fails at once', (t) => {
  const deferred = new Deferred<unknown>()
  const seen = watchOutcome(deferred)
  deferred.resolve(deferred)
  const [, error] = seen.now
  t.true(error instanceof TypeError)
  t.is(codeOf(error), 'DEFERRED_CYCLE')
})

test('of, fail and from give what they say', async (t) => {
  t.is(Deferred.of(3).status, 'fulfilled')
  t.is(await Deferred.of(3), 3)
  t.is(await t.throwsAsync(async () => Deferred.fail(failure)), failure)
  const deferred = new Deferred<number>()
  t.is(Deferred.from(deferred), deferred)
  t.is(await Deferred.from(4), 4)
  t.is(await Deferred.from(Promise.resolve(5)), 5)
  t.is(await t.throwsAsync(async () => Deferred.from(Promise.reject(failure))), failure)
})

test('is accepted wherever a promise is', async (t) => {
  const late = new Deferred<string>()
  const taken = Promise.all([late, Deferred.of(1), Promise.resolve(late)])
  late.resolve('here')
  t.deepEqual(await taken, ['here', 1, 'here'])
  t.is(Object.prototype.toString.call(late), '[object Deferred]')
})

test('finally runs with no argument, keeps the result, and fails only by its own failure', async (t) => {
  const broken = new Error('broken cleanup')
  const seen: unknown[] = []
  const note = (...args: unknown[]) => void seen.push(args)
  t.is(await Deferred.of(1).finally(note), 1)
  t.is(await t.throwsAsync(async () => Deferred.fail(failure).finally(note)), failure)
  t.deepEqual(seen, [[], []])
  const throwing = () => {
    throw broken
  }
  t.is(await t.throwsAsync(async () => Deferred.of(1).finally(throwing)), broken)
  t.is(await t.throwsAsync(async () => Deferred.fail(failure).finally(() => Deferred.fail(broken))), broken)
})

test('finally waits for what its handler gives', async (t) => {
  const cleanup = new Deferred<void>()
  const done = Deferred.of('result').finally(() => cleanup)
  await microtasksDone()
  t.is(done.status, 'pending')
  cleanup.resolve()
  t.is(await done, 'result')
})

test('a foreign thenable that answers twice is heard once', async (t) => {
  const twice = {
    then(onValue: (value: string) => void, onError: (error: unknown) => void) {
      onValue('first')
      onError(failure)
      onValue('second')
      throw failure
    },
  }
  t.is(await Deferred.from(twice as PromiseLike<string>), 'first')
})

test('what a foreign thenable answers after a cancellation is dropped', async (t) => {
  let answer: (value: string) => void = () => {}
  const slow = new Promise<string>((resolve) => {
    answer = resolve
  })
  const deferred = Deferred.from(slow)
  const seen = watchOutcome(deferred)
  deferred.cancel('enough')
  answer('too late')
  await microtasksDone()
  t.true(seen.now[1] instanceof CancelledError)
  t.is(seen.count, 1)
})
