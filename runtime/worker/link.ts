/**
 * Two threads, linked by comlink: each exposes one function to the other, which takes a batch.
 *
 * Rules: one call carries all that one turn has to say. A batch that comes in is kept; the turn takes it in. What comlink
 * leaves open is closed here: a batch that cannot be cloned is told to the caller at once, a call leaves nothing pending,
 * and the port is closed when the link is. And what it says too much is left out: that a batch has come, a message of its
 * own that wakes the other thread once more, nobody waits for, so it stays on this side.
 */
import type { MessagePort } from 'node:worker_threads'
import { type Endpoint, expose, type Remote, transfer, wrap } from 'comlink'
import { isGone, type Transferable } from './transfer.ts'

/** A turn's worth of items: see `wire.ts`. */
export type Batch = readonly unknown[]

/** All that one side sees of the other. */
interface Face {
  take(batch: Batch): void
}

export class Link {
  private readonly port: MessagePort
  /** Asked for once: each look at a member of comlink's proxy makes another, that only a full collection frees. */
  private readonly take: Remote<Face>['take']
  private readonly listeners = new Set<(event: { data: unknown }) => void>()
  /** Why the message that was just posted could not be. */
  private failure: { readonly error: unknown } | undefined = undefined
  private isOpen = true
  /** How many have left. */
  batches = 0

  /**
   * @param onBatch - called by the event loop, outside of any turn: it keeps the batch and returns.
   * @param onClosed - called once, after the last batch, when the other side is gone.
   */
  constructor(port: MessagePort, onBatch: (batch: Batch) => void, onClosed: () => void) {
    this.port = port
    const endpoint = this.asEndpoint()
    expose(Object.freeze({ take: onBatch }), endpoint)
    this.take = wrap<Face>(endpoint).take
    port.on('message', (data) => {
      for (const listener of this.listeners) listener({ data })
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
    this.failure = undefined
    // The call itself cannot fail: what it returns says that the batch has come, which nobody waits for.
    void this.take(transfers.length === 0 ? batch : transfer(batch, transfers as ArrayBuffer[]))
    const { failure } = this
    this.failure = undefined
    if (failure === undefined) this.batches = (this.batches + 1) | 0
    return failure
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

  private asEndpoint(): Endpoint {
    const { listeners } = this
    return {
      postMessage: (message, transferables) => {
        const { id, type } = message as { id?: string; type?: string }
        if (type !== 'APPLY') return
        try {
          // Node reads a list by its iterator, also an empty one.
          if (transferables?.length) this.port.postMessage(message, transferables as never)
          else this.port.postMessage(message)
        } catch (error) {
          this.failure = { error }
        }
        for (const listener of listeners) listener({ data: { id, type: 'RAW', value: undefined } })
      },
      addEventListener: (_type, listener) => void listeners.add(listener as never),
      removeEventListener: (_type, listener) => void listeners.delete(listener as never),
    }
  }
}
