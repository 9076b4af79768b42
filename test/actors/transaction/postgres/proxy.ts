/** A proxy before the server, which counts round trips and loses what it is told to lose. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'

export class TcpProxy {
  private readonly server: Server
  private readonly pairs = new Set<readonly [client: Socket, server: Socket]>()
  /** Times that a client has said something after the server had. */
  roundTrips = 0
  /** Connections that clients have made. */
  accepted = 0
  /** Answers of the server are lost; both ends think that all is well. */
  swallowsAnswers = false
  /** Hangs up on whoever comes. */
  refuses = false
  /** Called with everything that a client sends, before it goes on. */
  onSent: (bytes: Buffer) => void = () => {}

  private constructor(url: URL) {
    this.server = createServer((client) => {
      this.accepted += 1
      if (this.refuses) {
        client.destroy()
        return
      }
      const server = connect({ host: url.hostname, port: Number(url.port || 5432) })
      const pair = [client, server] as const
      this.pairs.add(pair)
      let serverSpoke = true
      client.on('data', (bytes: Buffer) => {
        if (serverSpoke) this.roundTrips += 1
        serverSpoke = false
        this.onSent(bytes)
        server.write(bytes)
      })
      server.on('data', (bytes: Buffer) => {
        serverSpoke = true
        if (!this.swallowsAnswers) client.write(bytes)
      })
      for (const [end, other] of [pair, [server, client] as const]) {
        end.setNoDelay(true)
        end.on('error', () => {})
        end.on('close', () => {
          other.destroy()
          this.pairs.delete(pair)
        })
      }
    })
  }

  /** @returns it, and the url by which the database is reached through it. */
  static async open(t: ExecutionContext, databaseUrl: string): Promise<[TcpProxy, string]> {
    const url = new URL(databaseUrl)
    const proxy = new TcpProxy(new URL(databaseUrl))
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      proxy.cut()
      proxy.server.close()
    })
    url.host = `127.0.0.1:${(proxy.server.address() as { port: number }).port}`
    return [proxy, url.href]
  }

  /** Ends all connections, both ways. */
  cut(): void {
    for (const pair of this.pairs) for (const end of pair) end.destroy()
  }
}
