/**
 * Two threads, linked by comlink: each exposes one function to the other, which takes a batch.
 *
 * Rules: one call carries all that one turn has to say. A batch that comes in is kept; the turn takes it in. What comlink
 * leaves open is closed here: a batch that cannot be cloned is told to the caller at once, a call leaves nothing pending,
 * and the port is closed when the link is. And what it says too much is left out. That a batch has come, a message of its
 * own that wakes the other thread once more, nobody waits for: so the answer stays where it is made, and a call is made
 * without comlink's promise, random id and listener for it. Nor does the envelope of a call cross, which is the same for
 * each: it is put around the batch on the other side. (A question to a thread and back, one at a time: 36 us of both
 * threads' time went there.)
 */
import type { MessagePort } from 'node:worker_threads'
import { type Endpoint, expose } from 'comlink'
import { isGone, type Transferable } from './transfer.ts'

/** A turn's worth of items: see `wire.ts`. */
export type Batch = readonly unknown[]

/** Whoever takes a batch answers this call; the answer goes nowhere. */
const CALL = 'take'
/** The one function that is exposed. */
const TAKE: readonly string[] = ['take']

export class Link {
  private readonly port: MessagePort
  private isOpen = true
  /** How many have left. */
  batches = 0

  /**
   * @param onBatch - called by the event loop, outside of any turn: it keeps the batch and returns.
   * @param onClosed - called once, after the last batch, when the other side is gone.
   */
  constructor(port: MessagePort, onBatch: (batch: Batch) => void, onClosed: () => void) {
    this.port = port
    let call: (event: { data: unknown }) => void = () => {}
    const endpoint: Endpoint = {
      // All that comlink has to say here is that a call has ended.
      postMessage: () => {},
      addEventListener: (_type, listener) => {
        call = listener as typeof call
      },
      removeEventListener: () => {},
    }
    expose(Object.freeze({ take: onBatch }), endpoint)
    port.on('message', (batch: Batch) => {
      call({ data: { id: CALL, type: 'APPLY', path: TAKE, argumentList: [{ type: 'RAW', value: batch }] } })
    })
    port.on('close', () => {
      this.isOpen = false
      onClosed()
    })
  }

  /** Sends a batch. @returns why nothing was sent, or undefined. Once the link is closed, nothing is. */
  send(batch: Batch, transfers: readonly Transferable[]): { readonly error: unknown } | undefined {
    if (!this.isOpen) return undefined
    if (transfers.some(isGone)) return { error: new DOMException('A buffer is detached.', 'DataCloneError') }
    try {
      // Node reads a list by its iterator, also an empty one.
      if (transfers.length === 0) this.port.postMessage(batch)
      else this.port.postMessage(batch, transfers as ArrayBuffer[])
    } catch (error) {
      return { error }
    }
    this.batches = (this.batches + 1) | 0
    return undefined
  }

  /** Keeps the process, or the thread, alive. */
  ref(): void {
    this.port.ref()
  }

  unref(): void {
    this.port.unref()
  }

  close(): void {
    this.isOpen = false
    this.port.close()
  }
}
