/**
 * How many small requests a second does one core serve, and how long does the slowest hundredth wait?
 *
 * 64 keep-alive connections ask for `GET /hello` as fast as they are answered. Every server is a process of its own on
 * one core, the load generator on another, and every server's answer is checked before it is timed. The bare `net`
 * server parses nothing and sends a constant: it is the ceiling, not a rival.
 */

import { LineProcess, nodeCommand } from './harness/process-contender.ts'
import type { Contender, Suite, Trial } from './harness/suite.ts'
import { type Placement, pinned, placeApart } from './harness/tools.ts'
import { checkHello } from './http/check-hello.ts'
import { type Load, openLoad } from './http/load.ts'

const servers: readonly (readonly [who: string, module: string])[] = [
  ['greenroom', './http/servers/greenroom.ts'],
  ['node:http', './http/servers/node-http.ts'],
  ['Fastify', './http/servers/fastify.ts'],
  ['net', './http/servers/bare-net.ts'],
]

export const httpSuite: Suite = {
  name: 'http',
  trials: [
    {
      name: 'hello',
      figures: [
        { what: 'hello', unit: 'requests/s', better: 'higher' },
        { what: 'hello p99', unit: 'ms', better: 'lower' },
      ],
    },
  ],
  rounds: 5,
  secondsDefault: 10,
  async open(log) {
    const placement = placeApart()
    const load = openLoad(placement.load)
    log(`load by ${load.name}; ${describe(placement)}`)
    if (load.name !== 'wrk')
      log(`${load.name} is slower than the fastest of these servers: install wrk to tell them apart`)
    const started = await Promise.allSettled(
      servers.map(([who, module]) =>
        ServerContender.start(who, new URL(module, import.meta.url), placement, load),
      ),
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

/** A server that is already listening, and whose answer has been found right. */
class ServerContender implements Contender {
  readonly who: string
  private readonly child: LineProcess
  private readonly url: URL
  private readonly load: Load

  private constructor(who: string, child: LineProcess, url: URL, load: Load) {
    this.who = who
    this.child = child
    this.url = url
    this.load = load
  }

  static async start(who: string, module: URL, placement: Placement, load: Load): Promise<ServerContender> {
    const child = new LineProcess(who, pinned(nodeCommand(module), placement.server))
    try {
      const url = new URL(`http://127.0.0.1:${await child.readReady()}/hello`)
      await checkHello(who, url)
      return new ServerContender(who, child, url, load)
    } catch (error) {
      await child.end()
      throw error
    }
  }

  async measure(_trial: Trial, seconds: number): Promise<readonly number[]> {
    const { requestsPerSecond, p99Ms } = await this.load.run(this.url, seconds)
    return [requestsPerSecond, p99Ms]
  }

  async end(): Promise<void> {
    await this.child.end()
  }
}
