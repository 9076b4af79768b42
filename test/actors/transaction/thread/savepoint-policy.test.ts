/** Laws: no savepoints while groups do well, savepoints while they fail often, and back again. */
import test from 'ava'
import { SavepointPolicy } from '../../../../actors/transaction/thread/savepoint-policy.ts'

/** Groups of which every `every`th fails. @returns how many of them had savepoints. */
function usedOf(policy: SavepointPolicy, groups: number, every: number): number {
  let used = 0
  for (let n = 1; n <= groups; n++) {
    if (policy.areUsed) used += 1
    policy.ended(n % every === 0)
  }
  return used
}

test('none at first, and none while hardly a group fails', (t) => {
  const policy = new SavepointPolicy()
  t.is(usedOf(policy, 1_000, Number.POSITIVE_INFINITY), 0)
  t.is(usedOf(policy, 1_000, 10), 0)
})

test('while every other group fails there are; a few in vain teach it', (t) => {
  const policy = new SavepointPolicy()
  const used = usedOf(policy, 1_000, 2)
  t.true(used > 990, `${used} of 1,000`)
})

test('it forgets: after groups that do well there are none again', (t) => {
  const policy = new SavepointPolicy()
  usedOf(policy, 100, 1)
  t.true(policy.areUsed)
  const used = usedOf(policy, 100, Number.POSITIVE_INFINITY)
  t.true(used > 0 && used < 20, `${used} of 100`)
  t.false(policy.areUsed)
})
