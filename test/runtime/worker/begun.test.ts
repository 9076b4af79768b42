/** Law: what was begun stays begun, whatever is begun again and however far the numbers have come; the present one is the last noted. */
import test from 'ava'
import fc from 'fast-check'
import { busyWith, createNote, noteBegun, wasBegun } from '../../../runtime/worker/begun.ts'

test('a message is begun when it, or a later one, was; what comes again changes that for none', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 2 ** 31 - 5, -(2 ** 31), -3),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      (from, program) => {
        const note = createNote()
        // A thread begins with number 1; to be near where they go round, it has come there.
        for (let id = 0; id !== from; ) {
          const left = (from - id) | 0
          id = (id + (left > 0 ? Math.min(left, 2 ** 30) : 2 ** 30)) | 0
          noteBegun(note, id)
        }
        let last = from
        for (const isNew of program) {
          if (isNew) last = (last + 1) | 0
          const id = isNew ? last : (last - 1) | 0
          noteBegun(note, id)
          t.is(busyWith(note), id)
          t.true(wasBegun(note, last))
          t.false(wasBegun(note, (last + 1) | 0))
        }
      },
    ),
    { numRuns: 100 },
  )
})
