/** What a server can do at most: a few clients that each wait for their answer and then ask again. */
import { ClientConnection } from './client-connection.ts'

const CLIENTS = 8

/** @returns answers a second. @throws Error where one is none. */
export async function capacityOf(port: number, request: string, seconds: number): Promise<number> {
  const connections = Array.from({ length: CLIENTS }, () => new ClientConnection(port))
  const ask = (connection: ClientConnection) =>
    new Promise<void>((resolve, reject) => {
      connection.send(request, (answer) =>
        answer?.status === 200 ? resolve() : reject(new Error(`answered ${answer?.status ?? 'nothing'}`)),
      )
    })
  let answers = 0
  let endMs = Number.POSITIVE_INFINITY
  const client = async (connection: ClientConnection): Promise<void> => {
    while (performance.now() < endMs) {
      await ask(connection)
      answers += 1
    }
  }
  for (const connection of connections) await ask(connection)
  const startMs = performance.now()
  endMs = startMs + seconds * 1e3
  await Promise.all(connections.map(client))
  const elapsedMs = performance.now() - startMs
  for (const connection of connections) connection.leave()
  return (answers * 1e3) / elapsedMs
}
