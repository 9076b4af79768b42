/**
 * The actor that measures. It takes four samples a second and gives each to all who have asked for the next, so that a
 * thousand viewers cost what one does.
 */
import { type Ask, key, type Ref, receiving } from 'greenroom'
import type { StageStatistics } from 'greenroom/actors'
import type { LedgerFigures } from './open-ledger.ts'

/** The server's own counters. Whoever runs the loop counts the turns. */
export type Meter = { turns: number; requests: number }
type Gauges = { connections: number; actors: number; threadsMax: number }
type Figures = Gauges & Meter & StageStatistics & Partial<LedgerFigures>
type Sample = { id: number } & Figures

/** What only goes upwards. In a sample they are rates: how many in the last second. */
const COUNTERS = [
  ...(['turns', 'requests', 'submitted', 'completed', 'failed', 'refused', 'expired'] as const),
  ...(['commits', 'rollbacks', 'groups'] as const),
]
const SAMPLES_A_SECOND = 4

type SamplerEvent = { type: 'start'; read: () => Figures } | Ask<{ type: 'next' }, Sample> | { type: 'tick' }
export const Sampler = key<Ref<SamplerEvent>, 'sampler'>('sampler')

export const sampling = receiving<SamplerEvent>(function* ({ receive, self, ctx }) {
  const { read } = (yield* receive('start')).event
  const lastSecond = [{ ms: ctx.clock.nowMs(), ...read() }]
  for (let id = 1; ; id++) {
    const viewers: ((sample: Sample) => void)[] = []
    ctx.after(1_000 / SAMPLES_A_SECOND).then(() => self.send(ctx, { type: 'tick' }))
    for (;;) {
      const { event, reply } = yield* receive('next', 'tick')
      if (event.type === 'tick') break
      viewers.push(reply)
    }
    const now = { ms: ctx.clock.nowMs(), ...read() }
    const then = lastSecond[0]!
    const rate = (name: (typeof COUNTERS)[number]) =>
      (((now[name] ?? 0) - (then[name] ?? 0)) * 1_000) / (now.ms - then.ms)
    const { ms: _, ...figures } = now
    const rates = Object.fromEntries(COUNTERS.map((name) => [name, rate(name)]))
    for (const show of viewers) show({ id, ...figures, ...rates })
    lastSecond.push(now)
    if (lastSecond.length > SAMPLES_A_SECOND) lastSecond.shift()
  }
})
