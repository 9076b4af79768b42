/** `POST /hash`: work that occupies a thread for some milliseconds, behind a stage that takes what it can do in time. */
import { availableParallelism } from 'node:os'
import { type Context, key, onThread, type System, threadModule } from 'greenroom'
import { type HttpRequest, isRefused, openStage, pool, type Stage, text } from 'greenroom/actors'
import { shortBody } from './body.ts'
import { type HashJob, ROUNDS } from './hash.ts'

const BODY_BYTES_MAX = 16_384
/** A quarter of a second still feels prompt to a person; to a thread it is fifty jobs, which is room for bursts. */
const TARGET_MS = 250

/** One core is left to the loop: whatever is computed, all else is answered. */
const module = threadModule<typeof import('./hash.ts')>(new URL('./hash.ts', import.meta.url))
export const threads = pool(onThread(module, 'hash'), {
  min: 1,
  max: Math.max(1, availableParallelism() - 1),
})

export const Hashing = key<Stage<HashJob, string>, 'hashing'>('hashing')

export function openHashing(ctx: Context<typeof System>, handler: typeof threads) {
  return openStage(ctx, { name: 'hashing', handler, admission: { targetMs: TARGET_MS } })
}

/** The stage refuses at once what it could not do in time: that is 503, and says when to ask again. */
export async function hash(ctx: Context<typeof Hashing>, request: HttpRequest) {
  const rounds = Number(request.query.get('rounds') ?? ROUNDS.byDefault)
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= ROUNDS.most))
    return text(`rounds: a whole number from 1 to ${ROUNDS.most}\n`, { status: 400 })
  const body = await shortBody(request, BODY_BYTES_MAX)
  if (body === undefined) return text(`at most ${BODY_BYTES_MAX} bytes\n`, { status: 413 })
  const hex = ctx.get(Hashing).submit(ctx, { body, rounds })
  return isRefused(hex) ? hex : text(await hex)
}
