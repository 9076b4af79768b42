/**
 * Buffers that are handed over to a thread instead of being copied.
 *
 * A mark on the message, not an argument of `send`: the mailbox at home does not know of threads.
 */
import { isArrayBuffer } from 'node:util/types'
import { MessagePort } from 'node:worker_threads'
import { UsageError } from '../errors.ts'

/** What can be handed over. */
export type Transferable = ArrayBuffer | MessagePort

const marks = new WeakMap<object, readonly Transferable[]>()

/**
 * Marks an event, or a handler's reply: when it crosses to another thread, `buffers` move there and are empty here. Where
 * it does not cross, nothing happens.
 *
 * @param value - the event or reply, in which the buffers stand.
 * @param buffers - as they are listed now: what becomes of the list later changes nothing.
 * @returns the value.
 * @throws UsageError (`TRANSFER_INVALID`) where the value is no object, or `buffers` no list of what can be handed over.
 */
export function transfer<T>(value: T, buffers: readonly Transferable[]): T {
  if (typeof value !== 'object' || value === null) {
    throw new UsageError('TRANSFER_INVALID', 'only what is sent in an object can be handed over')
  }
  // Checked here, where the stack shows whose slip it is: later it would be found in the middle of a turn's batch.
  if (!Array.isArray(buffers)) throw notTransferable(buffers)
  const kept: unknown[] = [...buffers]
  const wrong = kept.findIndex((member) => !isTransferable(member))
  if (wrong >= 0) throw notTransferable(kept[wrong], ` at ${wrong}`)
  marks.set(value, kept as Transferable[])
  return value
}

function isTransferable(member: unknown): member is Transferable {
  return isArrayBuffer(member) || member instanceof MessagePort
}

function notTransferable(given: unknown, where = ''): UsageError {
  return new UsageError(
    'TRANSFER_INVALID',
    `what is handed over is an array of ArrayBuffers and MessagePorts, not ${kindOf(given)}${where}`,
  )
}

/** Not what it says: that may be all of its bytes. */
function kindOf(given: unknown): string {
  return Object.prototype.toString.call(given).slice('[object '.length, -1)
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
