/**
 * Buffers that are handed over to a thread instead of being copied.
 *
 * A mark on the message, not an argument of `send`: the mailbox at home does not know of threads.
 */
import type { MessagePort } from 'node:worker_threads'
import { UsageError } from '../errors.ts'

/** What `postMessage` can hand over: ArrayBuffers, MessagePorts and the like. */
export type Transferable = ArrayBuffer | MessagePort

const marks = new WeakMap<object, readonly Transferable[]>()

/**
 * Marks an event, or a handler's reply: when it crosses to another thread, `buffers` move there and are empty here. Where
 * it does not cross, nothing happens.
 *
 * @param value - the event or reply, in which the buffers stand.
 * @returns the value.
 * @throws UsageError (`TRANSFER_INVALID`) where the value is no object.
 */
export function transfer<T>(value: T, buffers: readonly Transferable[]): T {
  if (typeof value !== 'object' || value === null) {
    throw new UsageError('TRANSFER_INVALID', 'only what is sent in an object can be handed over')
  }
  marks.set(value, buffers)
  return value
}

/** What `value` hands over. */
export function transfersOf(value: unknown): readonly Transferable[] | undefined {
  return typeof value === 'object' && value !== null ? marks.get(value) : undefined
}

/**
 * Whether `buffer` has been handed over before. Node 20 sends a message that hands it over again, which then cannot be read
 * and is lost with all of its batch; later versions throw.
 */
export function isGone(buffer: Transferable): boolean {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
