/** A module for threads: members that do what their jobs say, good and bad. */
import { OverloadError, transfer, UsageError } from 'greenroom'
import { batches, jobs, type Outcome } from 'greenroom/actors'

/** What a job says. */
export type Deed =
  | { readonly do: 'echo'; readonly value: number }
  /** Waits so many milliseconds, or until nobody wants it. */
  | { readonly do: 'wait'; readonly ms: number; readonly value: number }
  /** Keeps its thread for so long. */
  | { readonly do: 'block'; readonly ms: number; readonly value: number }
  /** Fails, with an error of ours. */
  | { readonly do: 'fail'; readonly code: string }
  /** Ends its thread. */
  | { readonly do: 'exit' }
  /** Ends its thread the first time; the flag says whether that has been. */
  | { readonly do: 'exitOnce'; readonly flags: Int32Array; readonly value: number }
  /** Ends its thread by an exception that nobody catches. */
  | { readonly do: 'crash' }
  | { readonly do: 'spin' }
  /** Gives what cannot cross. */
  | { readonly do: 'function' }
  /** Raises the first flag when it has begun, the second when its context ends; and then gives its result, too late. */
  | { readonly do: 'flag'; readonly flags: Int32Array }
  | { readonly do: 'remaining' }
  /** Gives as many bytes, handed over. */
  | { readonly do: 'copy'; readonly bytes: Uint8Array }

export const work = jobs<Deed, unknown>((deed, ctx) => {
  switch (deed.do) {
    case 'echo':
      return deed.value
    case 'wait':
      return ctx.after(deed.ms).then(() => deed.value)
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, deed.ms)
      return deed.value
    case 'fail':
      throw new UsageError(deed.code, 'as it was told')
    case 'exit':
      return process.exit(7)
    case 'exitOnce':
      return Atomics.exchange(deed.flags, 0, 1) === 0 ? process.exit(7) : deed.value
    case 'crash':
      queueMicrotask(() => {
        throw new RangeError('nobody catches this')
      })
      return new Promise(() => {})
    case 'spin':
      for (;;);
    case 'function':
      return () => {}
    case 'flag':
      return new Promise((resolve) => {
        raise(deed.flags, 0)
        ctx.onCancel(() => {
          raise(deed.flags, 1)
          resolve('too late')
        })
      })
    case 'remaining':
      return ctx.remainingMs
    case 'copy':
      return copy(deed.bytes)
  }
})

export const workAll = batches<Deed, unknown>((deeds) =>
  deeds.map((deed): Outcome<unknown> => {
    if (deed.do === 'copy') return { ok: true, value: copy(deed.bytes) }
    if (deed.do === 'echo') return { ok: true, value: deed.value }
    if (deed.do === 'exit') return process.exit(7)
    if (deed.do === 'fail') return { ok: false, error: new OverloadError(deed.code, 'as it was told') }
    throw new TypeError(`cannot ${deed.do}`)
  }),
)

function copy(bytes: Uint8Array): Uint8Array {
  const copied = bytes.slice()
  return transfer(copied, [copied.buffer])
}

function raise(flags: Int32Array, index: number): void {
  Atomics.store(flags, index, 1)
  Atomics.notify(flags, index)
}
