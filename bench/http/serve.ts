/**
 * What all servers of this suite do alike: give the same answer, say their port, serve until stdin ends.
 */

/** The body of `GET /hello`. */
export const HELLO = 'Hello, World!'

/** Tells the parent that `port` listens; the process ends when the parent closes its end, or dies. */
export function serveUntilStdinEnds(port: number): void {
  console.log(`ready ${port}`)
  process.stdin.resume()
  process.stdin.on('end', () => process.exit())
}

/** Of a Node server that listens on TCP. */
export function portOf(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port)
  throw new Error(`not listening on TCP: ${address}`)
}
