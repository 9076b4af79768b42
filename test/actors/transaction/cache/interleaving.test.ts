/**
 * Laws of the caches, over random transactions whose threads are interleaved at every access to shared memory:
 *
 * - outside of transactions no cached value is older than what the database held when it was asked for;
 * - inside of one a cached value is what its snapshot reads (at read committed: what the database held when asked, or later);
 * - it sees its own writes, and nobody sees those of another one before COMMIT, or after a rollback, or of a savepoint;
 * - all of that whether COMMIT succeeds, fails, is in doubt and happens then, later or never, or the thread dies at it.
 *
 * What it cannot do: a thread that runs inside another's access ends its steps before the other goes on. Two that overtake each
 * other within one call are tested in versions.test.ts.
 *
 * It was made to fail by each of these mistakes, by hand: the epoch taken before COMMIT instead of after it; pending commits not
 * looked at, or after the version; the version written after the count is taken back; the generation looked at first, or not
 * compared with the reader's; only the entry's stamp, or only the reader's; what was loaded stamped with the moment of COMMIT;
 * others' changes of the same bucket overlooked at COMMIT; a cached value used before the snapshot is taken; a rollback, or one of
 * a savepoint, that keeps what was loaded, or goes back too far; an invalidation forgotten, or forgotten by a load after it; a
 * transaction that does not see what those before it in its group have invalidated; a commit in doubt taken for ended, or for
 * rolled back; a lost writer whose counts are taken back before the generation turns, or with those of others; caches that are
 * filled while suspended; what a transaction has loaded itself at read committed used after others have changed it.
 */
import test from 'ava'
import fc from 'fast-check'
import { Versions } from '../../../../actors/transaction/cache/versions.ts'
import type { Dialect, Isolation } from '../../../../actors/transaction/driver.ts'
import { Interleaver, type Thread } from './interleaver.ts'
import { ModelDatabase } from './model-database.ts'
import { HomeReader, Lane, type Model, ModelThread, type Op, type SessionPlan } from './model-threads.ts'

const keys = ['a', 'b', 'c']
const key = fc.constantFrom(...keys)
const cached: fc.Arbitrary<Op> = fc.record({ do: fc.constant('cached' as const), key })
const set: fc.Arbitrary<Op> = fc.record({ do: fc.constant('set' as const), key })
const flat: fc.Arbitrary<Op> = fc.oneof({ weight: 3, arbitrary: cached }, { weight: 2, arbitrary: set })
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: flat },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('savepoint' as const),
      ops: fc.array(flat, { maxLength: 4 }),
      fails: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'fail' as const }) },
)

function sessions(ops: fc.Arbitrary<Op>, isolations: readonly Isolation[]): fc.Arbitrary<SessionPlan[]> {
  const plan = fc.record({
    isolation: fc.constantFrom(...isolations),
    transactions: fc.array(fc.array(ops, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    end: fc.oneof(
      { weight: 12, arbitrary: fc.constant('ok' as const) },
      { weight: 5, arbitrary: fc.constantFrom('fail', 'doubt', 'dieBefore', 'dieBetween', 'dieAfter') },
    ),
    fate: fc.constantFrom('now', 'later', 'never'),
    accesses: fc.nat(12),
  })
  return fc.array(plan, { maxLength: 5 }) as fc.Arbitrary<SessionPlan[]>
}

/** The shorter, the less is interleaved. */
const tape = fc.record({ seed: fc.nat(), length: fc.nat(800) })

const isolations: readonly Isolation[] = ['serializable', 'repeatable read', 'read committed']
const programs = {
  // One writer, two readers beside it.
  sqlite: fc.record({
    writers: fc.tuple(fc.tuple(sessions(op, ['serializable']))),
    readers: fc.tuple(
      fc.tuple(sessions(cached, ['serializable'])),
      fc.tuple(sessions(cached, ['serializable'])),
    ),
    home: fc.array(key, { maxLength: 30 }),
    epoch: fc.constantFrom(0, 2 ** 30 - 3, 2 ** 31 - 3, -3),
    tape,
  }),
  // Threads with two sessions each that write, and one that reads.
  postgres: fc.record({
    writers: fc.tuple(
      fc.tuple(sessions(op, isolations), sessions(op, isolations)),
      fc.tuple(sessions(op, isolations), sessions(op, isolations)),
    ),
    readers: fc.tuple(fc.tuple(sessions(cached, isolations), sessions(cached, isolations))),
    home: fc.array(key, { maxLength: 30 }),
    epoch: fc.constantFrom(0, 2 ** 30 - 3, 2 ** 31 - 3, -3),
    tape,
  }),
}
type Program = (typeof programs)['sqlite' | 'postgres'] extends fc.Arbitrary<infer P> ? P : never

/** Mulberry32. */
function numbers({ seed, length }: { readonly seed: number; readonly length: number }): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return mixed ^ (mixed >>> 14)
  })
}

/** @returns how often something was taken from a cache. */
function run(dialect: Dialect, { writers, readers, home, epoch, tape }: Program): number {
  let interleaver: Interleaver | undefined
  const model: Model = {
    database: new ModelDatabase(keys),
    dialect,
    // Fewer buckets than keys, so that some are shared.
    home: Versions.create({ buckets: 2, writers: writers.length, epoch }),
    interleaver: () => interleaver as Interleaver,
    hits: 0,
  }
  const threads: Thread[] = [new HomeReader(model, home)]
  const add = (kind: 'write' | 'read', lanePlans: readonly SessionPlan[][], number: number) => {
    const on = new ModelThread(model, kind, kind === 'write' ? number : -1)
    const lanes: Lane[] = []
    for (const [i, plans] of lanePlans.entries())
      lanes.push(new Lane(`${kind} ${number}.${i}`, on, plans, lanes))
    threads.push(...lanes)
  }
  for (const [i, lanes] of writers.entries()) add('write', lanes, i)
  for (const [i, lanes] of readers.entries()) add('read', lanes, i)
  interleaver = new Interleaver(numbers(tape), threads)
  interleaver.run(20_000)
  return model.hits
}

const RUNS = 2_000

for (const dialect of ['sqlite', 'postgres'] as const) {
  test(`caches tell nothing but what the database would (${dialect})`, (t) => {
    let hits = 0
    fc.assert(
      fc.property(programs[dialect] as fc.Arbitrary<Program>, (program) => {
        hits += run(dialect, program)
      }),
      { numRuns: RUNS },
    )
    t.log(`${hits} hits`)
    t.true(hits > RUNS, 'a cache that holds nothing obeys all of these laws')
  })
}
