/** Law: a stage's types are those of its handler, also where that is on a thread. Never run. */
import { batched } from '../../../actors/stage/batched.ts'
import type { Stage } from '../../../actors/stage/interface.ts'
import { batches, jobs } from '../../../actors/stage/member-logic.ts'
import type { Outcome } from '../../../actors/stage/outcome.ts'
import { pool } from '../../../actors/stage/pool.ts'
import type { Refused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import type { Context } from '../../../runtime/context/context.ts'
import { key } from '../../../runtime/context/key.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import type { System } from '../../../runtime/system/system.ts'
import { onThread } from '../../../runtime/worker/on-thread.ts'
import { threadModule } from '../../../runtime/worker/thread-module.ts'
import { holds, type Same } from '../../types/same.ts'

declare const ctx: Context<typeof System>
const Salt = key<string>('salt')

interface Password {
  readonly text: string
}

const hash = jobs<Password, string>((password) => password.text)
const insert = batches<number, string>((rows) => rows.map((row) => ({ ok: true, value: `${row}` })))

// A function.
const plain = openStage(ctx, { handler: (job: number) => `${job}` })
holds<Same<typeof plain, Stage<number, string>>>()
const later = openStage(ctx, { handler: async (job: number) => `${job}` })
holds<Same<typeof later, Stage<number, string>>>()
holds<Same<ReturnType<typeof plain.run>, Deferred<string>>>()
const answer = plain.submit(ctx, 1)
holds<Same<typeof answer, Deferred<string> | Refused>>()
// @ts-expect-error: that is no job of this stage
plain.submit(ctx, 'one')

// One that takes several.
const several = openStage(ctx, {
  handler: batched<number, string>((list) => list.map(({ job }) => ({ ok: true, value: `${job}` }))),
})
holds<Same<typeof several, Stage<number, string>>>()

// Members, at home.
const members = openStage(ctx, { handler: pool(hash, { min: 0, max: 2 }) })
holds<Same<typeof members, Stage<Password, string>>>()
openStage(ctx, { handler: pool(hash) })
const writers = openStage(ctx, { handler: pool(insert, { takes: 'batches' }) })
holds<Same<typeof writers, Stage<number, string>>>()
// @ts-expect-error: it takes batches, which must be said
pool(insert)
// @ts-expect-error: it takes single jobs
pool(hash, { takes: 'batches' })
// @ts-expect-error: no such option
pool(hash, { most: 3 })

// Any logic that answers the same events; with an input, where it takes one.
const custom = behaviour({
  initial: 'ready',
  data: (input: number) => input,
  states: { ready: { job: ({ data }, { job }: { job: Password }) => job.text.length + data } },
})
const lengths = openStage(ctx, { handler: pool(custom, { input: 1 }) })
holds<Same<typeof lengths, Stage<Password, number>>>()
// @ts-expect-error: the input is missing
pool(custom)

// Members on threads.
const module = threadModule<{ hash: typeof hash; insert: typeof insert }>(new URL('file:///x.ts'))
const threads = openStage(ctx, { handler: pool(onThread(module, 'hash'), { max: 4 }) })
holds<Same<typeof threads, Stage<Password, string>>>()
const database = openStage(ctx, { handler: pool(onThread(module, 'insert'), { takes: 'batches' }) })
holds<Same<typeof database, Stage<number, string>>>()

// A handler finds what it needs.
jobs<number, string, typeof Salt>((job, ctx) => `${job}${ctx.get(Salt)}`, { needs: [Salt] })

// A reply is a message that its receiver understands.
declare const to: Ref<{ readonly type: 'hashed'; readonly outcome: Outcome<string> }>
plain.submit(ctx, 1, { reply: { to, event: (outcome) => ({ type: 'hashed', outcome }) } })
// @ts-expect-error: nobody there understands that
plain.submit(ctx, 1, { reply: { to, event: (outcome) => ({ type: 'other', outcome }) } })
