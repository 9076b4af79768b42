/**
 * The actor that measures. It takes one sample a second and gives it to all who have asked for the next, so that a
 * thousand viewers cost what one does.
 */
import { type Ask, key, type Ref, receiving } from 'greenroom'

/** Counted where it happens, and only ever upwards. */
export type Meter = { turns: number; requests: number }
/** As they are at one moment. */
type Gauges = { connections: number; actors: number }
/** The meter's as rates: how many a second. */
type Sample = { id: number } & Gauges & Meter

type SamplerEvent = { type: 'start'; gauges: () => Gauges } | Ask<{ type: 'next' }, Sample> | { type: 'tick' }
export const Sampler = key<Ref<SamplerEvent>, 'sampler'>('sampler')

export const sampling = receiving<SamplerEvent, Meter>(function* ({ receive, self, ctx, input: meter }) {
  const { gauges } = (yield* receive('start')).event
  for (let id = 1; ; id++) {
    const { turns, requests } = meter
    const startMs = ctx.clock.nowMs()
    const viewers: ((sample: Sample) => void)[] = []
    ctx.after(1_000).then(() => self.send(ctx, { type: 'tick' }))
    for (;;) {
      const { event, reply } = yield* receive('next', 'tick')
      if (event.type === 'tick') break
      viewers.push(reply)
    }
    const rate = (count: number) => Math.round((count * 1_000) / (ctx.clock.nowMs() - startMs))
    const rates = { turns: rate(meter.turns - turns), requests: rate(meter.requests - requests) }
    for (const show of viewers) show({ id, ...gauges(), ...rates })
  }
})
