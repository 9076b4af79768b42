/** greenroom: a stage with one thread, its controllers and limits at their defaults, told nothing but the target. */
import {
  createSystem,
  http,
  isRefused,
  listen,
  onThread,
  openStage,
  pool,
  silentLog,
  text,
  threadModule,
} from '../../built.ts'
import { HELLO, serveUntilStdinEnds } from '../../http/serve.ts'
import { roundsOf, TARGET_MS } from '../work.ts'

interface HashModule {
  readonly hash: ReturnType<typeof import('../../../actors/index.ts').jobs<Job, string>>
}
interface Job {
  readonly body: Uint8Array
  readonly rounds: number
}

const system = createSystem({ log: silentLog })
const module = threadModule<HashModule>(new URL('./greenroom-thread.mjs', import.meta.url))
const hashing = openStage(system.ctx, {
  name: 'hashing',
  handler: pool(onThread(module, 'hash'), { min: 1, max: 1 }),
  admission: { targetMs: TARGET_MS },
})

const listener = await listen(system.ctx, {
  endpoint: 'tcp:127.0.0.1:0',
  protocol: http({
    async respond(ctx, request) {
      if (request.path === '/hello') return text(HELLO)
      const hashed = hashing.submit(ctx, { body: await request.bytes(), rounds: roundsOf(request.target) })
      return isRefused(hashed) ? hashed : text(await hashed)
    },
  }),
})

serveUntilStdinEnds(listener.port ?? 0)
