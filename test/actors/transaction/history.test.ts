/** Law: the check of histories finds what is not serialisable, and lets pass what is. */
import test from 'ava'
import { type Access, circleIn, type Done } from './history.ts'

let at = 0
function done(name: string, reads: string, writes: string): Done {
  at += 2
  return { name, reads: accesses(reads), writes: accesses(writes), askedAt: at, settledAt: at + 1 }
}

/** `1@2 3@4`: of account 1 the version 2, of account 3 the version 4. */
function accesses(text: string): Access[] {
  return text
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => {
      const [account, version] = one.split('@').map(Number)
      return { account: account as number, version: version as number }
    })
}

test('one after another is serialisable, also strictly', (t) => {
  const history = [done('a', '1@0 2@0', '1@1 2@1'), done('b', '1@1 2@1', '1@2 2@2'), done('c', '1@2 2@2', '')]
  t.is(circleIn(history, true), undefined)
})

test('a lost update is found', (t) => {
  t.deepEqual(circleIn([done('a', '1@0', '1@1'), done('b', '1@0', '1@1')], false), ['a', 'b'])
})

test('write skew is found', (t) => {
  const history = [done('a', '1@0 2@0', '1@1'), done('b', '1@0 2@0', '2@1')]
  t.deepEqual(circleIn(history, false), ['a', 'b'])
})

test('a read that saw half of a transfer is found', (t) => {
  const history = [done('transfer', '1@0 2@0', '1@1 2@1'), done('read', '1@1 2@0', '')]
  t.deepEqual(circleIn(history, false), ['transfer', 'read'])
})

test("a read-only transaction's anomaly is found", (t) => {
  // Fekete, O'Neil and O'Neil, "A Read-Only Transaction Anomaly Under Snapshot Isolation" (2004).
  const history = [
    done('withdraw', '1@0 2@0', '1@1'),
    done('deposit', '2@0', '2@1'),
    done('read', '1@0 2@1', ''),
  ]
  t.truthy(circleIn(history, false))
})

test('a stale read is serialisable, and not strictly', (t) => {
  const history = [done('write', '1@0', '1@1'), done('read', '1@0', '')]
  t.is(circleIn(history, false), undefined)
  t.deepEqual(circleIn(history, true), ['write', 'read'])
})
