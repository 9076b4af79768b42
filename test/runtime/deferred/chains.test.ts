/** Law: no stack grows along a chain, whatever its length and whatever runs along it. */
import test from 'ava'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError } from '../../../runtime/errors.ts'
import { microtasksDone, quiet, watchOutcome } from './support.ts'

const LINKS = 1_000_000

const links: Record<string, (source: Deferred<number>) => Deferred<number>> = {
  then: (source) => source.then(),
  adoption: (source) => {
    const follower = quiet<number>()
    follower.resolve(source)
    return follower
  },
  'adoption of a deferred with other observers': (source) => {
    const follower = quiet<number>()
    source.listen(ignore, ignore)
    follower.resolve(source)
    source.listen(ignore, ignore)
    return follower
  },
}

function ignore(): void {}

function chain(
  source: Deferred<number>,
  link: (source: Deferred<number>) => Deferred<number>,
): Deferred<number> {
  let end = source
  for (let i = 0; i < LINKS; i++) end = link(end)
  return end
}

for (const [name, link] of Object.entries(links)) {
  test.serial(`a million links by ${name} pass on a value`, async (t) => {
    const source = quiet<number>()
    const seen = watchOutcome(chain(source, link))
    source.resolve(7)
    await microtasksDone()
    t.deepEqual(seen, { now: ['value', 7], count: 1 })
  })

  test.serial(`a million links by ${name} pass on a cancellation, down and up`, async (t) => {
    const source = quiet<number>()
    const end = chain(source, link)
    const seen = watchOutcome(end)
    const isShared = name.includes('other observers')
    t.true((isShared ? source : end).cancel('enough'))
    await microtasksDone()
    t.is(source.status, 'rejected')
    t.true(seen.now[1] instanceof CancelledError)
    t.is(seen.count, 1)
  })
}

test.serial('a recursion of a hundred thousand handlers that return deferreds ends', async (t) => {
  const countdown = (n: number): Deferred<number> | number =>
    n === 0 ? 0 : Deferred.of(n - 1).then(countdown)
  t.is(await Deferred.of(100_000).then(countdown), 0)
})
