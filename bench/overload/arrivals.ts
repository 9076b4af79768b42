/** When requests are due, and whose they are. Pure: the schedule does not know of answers. */

export interface Arrivals {
  /** A second, in all. */
  readonly rate: number
  /** Requests that are due at one instant; 1 for a constant rate. */
  readonly burst: number
  readonly clients: number
  readonly seed: number
}

/** The instant of the request with `index`, in milliseconds from the first. */
export function dueMs({ rate, burst }: Arrivals, index: number): number {
  return (Math.floor(index / burst) * burst * 1e3) / rate
}

/**
 * Whose turn it is, request by request. All have the same demand: in each round every client has one request, in an order
 * that is drawn, so that nobody's requests meet the same phase of the server again and again.
 */
export function* clientsInTurn({ clients, seed }: Arrivals): Generator<number, never> {
  const random = randomFrom(seed)
  const order = Array.from({ length: clients }, (_, client) => client)
  for (;;) {
    for (let left = order.length - 1; left > 0; left--) {
      const other = Math.floor(random() * (left + 1))
      const client = order[left] as number
      order[left] = order[other] as number
      order[other] = client
    }
    yield* order
  }
}

/** Mulberry32: numbers from 0 to below 1. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
