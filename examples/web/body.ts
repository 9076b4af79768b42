/** Reads the bodies of requests that have to be short. */
import type { HttpRequest } from 'greenroom/actors'

/** The whole body, or undefined where it has more than `bytesMax` bytes: then the rest of it is not read. */
export async function shortBody({ body }: HttpRequest, bytesMax: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > bytesMax) return undefined
    pieces.push(piece)
  }
  return new Uint8Array(Buffer.concat(pieces))
}
