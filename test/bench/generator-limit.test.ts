/** Law: a remark is made exactly where a run's latencies may be the generator's own. */
import test from 'ava'
import { remarkOnGenerator } from '../../bench/overload/generator-limit.ts'

for (const { title, busy, lateMs, isRemarked } of [
  { title: 'it had time and was punctual', busy: 0.3, lateMs: 1.2, isRemarked: false },
  { title: 'it had no time', busy: 0.8, lateMs: 1.2, isRemarked: true },
  { title: 'it came late, others had its core', busy: 0.2, lateMs: 40, isRemarked: true },
]) {
  test(`${isRemarked ? 'remarks' : 'says nothing'} when ${title}`, (t) => {
    t.is(remarkOnGenerator([{ busy, lateMs }]) !== undefined, isRemarked)
  })
}

test('the remark is about the worst run of all', (t) => {
  const runs = [
    { busy: 0.7, lateMs: 2 },
    { busy: 0.1, lateMs: 33.33 },
    { busy: 0.1, lateMs: 1 },
  ]
  t.regex(remarkOnGenerator(runs) ?? '', /70 % of a core.* 33\.3 ms late/)
})

test('without runs there is nothing to say', (t) => {
  t.is(remarkOnGenerator([]), undefined)
})
