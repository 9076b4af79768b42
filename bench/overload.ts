/**
 * What becomes of a server that is asked for more than it can do?
 *
 * The load is open-loop: requests come when they are due, at 0.5 to 8 times what the server can do, evenly or in bursts,
 * whether earlier ones are answered or not. Each is `POST /hash`, 5 ms of a thread. An answer is good within 200 ms from
 * the instant that its request was due: forty jobs of one thread, which leaves room for bursts. A client waits for 800 ms, then
 * closes its connection.
 *
 * - `greenroom`: a stage with one thread, told nothing but the target.
 * - `Fastify + Piscina`: one thread; whatever comes is taken and waits.
 * - `Fastify + under-pressure`: refuses while its event loop, on which it works, is late.
 *
 * What a server can do is measured first, at Fastify with Piscina under eight clients that wait for their answers. All have
 * one thread for the work, so that on two cores the generator and the server's loop have the other.
 *
 * Figures: answers in time a second (goodput), percentiles of all answers with status 200, refusals (503), requests that got
 * neither, Jain's fairness over ten clients of the same demand, and the 99th percentile of `GET /hello` beside.
 */

import { LineProcess, nodeCommand } from './harness/process-contender.ts'
import type { Contender, Suite } from './harness/suite.ts'
import { plot } from './overload/drawing.ts'
import { hashRequest, OverloadedServer } from './overload/overloaded-server.ts'
import { type OverloadTrial, overloadTrials } from './overload/trials.ts'
import { calibrateRounds } from './overload/work.ts'

const servers: readonly (readonly [who: string, file: string])[] = [
  ['greenroom', 'greenroom.ts'],
  ['Fastify + Piscina', 'fastify-piscina.ts'],
  ['Fastify + under-pressure', 'fastify-under-pressure.ts'],
]

const CAPACITY_SECONDS = 3

const moduleOf = (file: string): URL => new URL(`./overload/servers/${file}`, import.meta.url)

export const overloadSuite: Suite<OverloadTrial> = {
  name: 'overload',
  trials: overloadTrials,
  rounds: 1,
  secondsDefault: 5,
  isWarm: true,
  plot: { file: new URL('../docs/overload.svg', import.meta.url), draw: plot },
  async open(log) {
    const generator = new LineProcess(
      'generator',
      nodeCommand(new URL('./overload/generator.ts', import.meta.url)),
    )
    try {
      await generator.readReady()
      const rounds = calibrateRounds()
      const capacity = await measureCapacity(generator, rounds)
      log(`${rounds} rounds of PBKDF2 each; a server can do ${Math.round(capacity)} requests/s`)
      const plan = { generator, capacity, rounds }
      return servers.map(([who, file], index): Contender<OverloadTrial> => {
        const server = new OverloadedServer(who, moduleOf(file), plan)
        // They share the generator: the first gives it back.
        if (index === 0) server.end = () => generator.end()
        return server
      })
    } catch (error) {
      await generator.end()
      throw error
    }
  },
}

async function measureCapacity(generator: LineProcess, rounds: number): Promise<number> {
  const server = new LineProcess('Fastify + Piscina', nodeCommand(moduleOf('fastify-piscina.ts')))
  try {
    const asked = {
      port: Number(await server.readReady()),
      request: hashRequest(rounds),
      seconds: CAPACITY_SECONDS,
    }
    return Number(await generator.ask(`capacity ${JSON.stringify(asked)}`, CAPACITY_SECONDS))
  } finally {
    await server.end()
  }
}
