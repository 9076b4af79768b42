/**
 * What all servers of this suite do alike: give the same answer, say their port, serve until stdin ends.
 */

import { createInterface } from 'node:readline'

/** The body of `GET /hello`. */
export const HELLO = 'Hello, World!'

/**
 * Tells the parent that `port` listens; the process ends when the parent closes its end, or dies. Meanwhile it answers
 * `cpu` with the microseconds that it has spent, user and system, so that the parent can take a difference; and `rss` with the
 * bytes that it has in memory, after its garbage is collected if node was started with --expose-gc.
 */
export function serveUntilStdinEnds(port: number): void {
  console.log(`ready ${port}`)
  createInterface({ input: process.stdin })
    .on('line', (line) => console.log(answers[line]?.() ?? `error no such question: ${line}`))
    .on('close', () => process.exit())
}

const answers: Readonly<Record<string, () => number>> = { cpu: cpuUs, rss: residentBytes }

function residentBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Of a Node server that listens on TCP. */
export function portOf(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port)
  throw new Error(`not listening on TCP: ${address}`)
}
