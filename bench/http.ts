/**
 * How many requests a second does one core serve, how long does the slowest hundredth wait, and what does a request
 * cost the server?
 *
 * - `hello`: 64 keep-alive connections ask for `GET /hello` as fast as they are answered. The headline.
 * - `hello-1c`, `hello-512c`: the same over one connection, where nothing can be done together, and over 512.
 * - `pipelined`: the same over 64, each of which sends 16 requests at once.
 * - `json`: 16 kB of JSON are posted, parsed, made into JSON again and sent back.
 * - `hono`: the same Hono application on greenroom's `fetch` and on Hono's own adapter for node:http.
 * - `serve`: greenroom's generator for each connection, against its `respond`.
 *
 * Every server is a process of its own on one core, the load generator on another. The bare `net` server parses nothing
 * and sends a constant: it is the ceiling, not a rival.
 */

import type { Suite } from './harness/suite.ts'
import { type Placement, placeApart } from './harness/tools.ts'
import { openLoad } from './http/load.ts'
import { ServerContender } from './http/server-contender.ts'
import { type HttpTrial, httpTrials } from './http/trials.ts'

/** The first halves of the rows' names, and what is started for each. */
export const httpServers: ReadonlyMap<string, URL> = new Map(
  [
    ['greenroom', 'greenroom.ts'],
    ['greenroom serve', 'greenroom-serve.ts'],
    ['Hono on greenroom', 'hono-greenroom.ts'],
    ['node:http', 'node-http.ts'],
    ['Fastify', 'fastify.ts'],
    ['net', 'bare-net.ts'],
    ['Hono on node-server', 'hono-node-server.ts'],
  ].map(([who = '', file = '']) => [who, new URL(`./http/servers/${file}`, import.meta.url)]),
)

export const httpSuite: Suite<HttpTrial> = {
  name: 'http',
  trials: httpTrials,
  rounds: 5,
  secondsDefault: 10,
  async open(log, trials) {
    const placement = placeApart()
    const load = openLoad(placement.load)
    log(`load by ${load.name}; ${describe(placement)}`)
    if (load.name !== 'wrk')
      log(`${load.name} is slower than the fastest of these servers: install wrk to tell them apart`)
    const started = await Promise.allSettled(
      [...httpServers].flatMap(([who, module]) => {
        const own = trials.filter(({ between }) => between.includes(who))
        return own.length === 0 ? [] : [ServerContender.start(who, module, { placement, load, trials: own })]
      }),
    )
    const contenders = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failed = started.find((result) => result.status === 'rejected')
    if (failed === undefined) return contenders
    await Promise.all(contenders.map((contender) => contender.end()))
    throw failed.reason
  },
}

function describe({ server, load }: Placement): string {
  return server === undefined
    ? 'server and load share the cores (one core, or no taskset)'
    : `server on core ${server}, load on core ${load}`
}
