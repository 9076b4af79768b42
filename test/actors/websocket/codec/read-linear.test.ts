/**
 * Guards: the work of reading is linear in the bytes, whatever they are and however they are cut, and so is the memory.
 * It is counted, not timed: looks of the reader at single bytes, and bytes that are copied, by whomever.
 */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { Input } from '../../../../actors/connection/input.ts'
import { MessageReader } from '../../../../actors/websocket/codec/message-reader.ts'
import { createWebSocketLimits } from '../../../../actors/websocket/limits.ts'
import { frame, message } from './frames.ts'

const limits = createWebSocketLimits({ messageBytesMax: 64 * 1024 * 1024, fragmentsMax: 1_000_000 })

const collect = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

/** An input that counts the looks at its bytes, and the bytes that it moves together. */
class CountingInput extends Input {
  work = 0

  override byteAt(offset: number): number {
    this.work++
    return super.byteAt(offset)
  }

  override gather(n: number): void {
    if (this.chunk.length - this.at < n) this.work += n
    super.gather(n)
  }
}

/** Runs `body` and counts the bytes that `Buffer.copy` moves: all that the reader moves by itself. */
function countingCopies(body: () => void): number {
  let copied = 0
  const original = Buffer.prototype.copy
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof original>) {
    const n = original.apply(this, args)
    copied += n
    return n
  }
  try {
    body()
  } finally {
    Buffer.prototype.copy = original
  }
  return copied
}

/** Streams of some `n` bytes that are hard in one way each. */
const shapes: Readonly<Record<string, (n: number) => Buffer>> = {
  'one long message': (n) => message(2, Buffer.alloc(n)),
  'many short messages': (n) => Buffer.concat(Array.from({ length: n / 8 }, () => message(2, 'xx'))),
  'many short fragments': (n) => message(2, ...Array.from({ length: n / 8 }, () => 'xx')),
  'many empty fragments': (n) => message(2, ...Array.from({ length: n / 6 }, () => '')),
  'many pings': (n) =>
    Buffer.concat(Array.from({ length: n / 16 }, () => frame({ opcode: 9, payload: 'x'.repeat(10) }))),
  'long fragments with pings between them': (n) =>
    Buffer.concat([
      ...Array.from({ length: n / 1_000 }, (_, i) =>
        Buffer.concat([
          frame({ opcode: i === 0 ? 2 : 0, payload: Buffer.alloc(980), fin: false }),
          frame({ opcode: 9 }),
        ]),
      ),
      frame({ opcode: 0 }),
    ]),
  'a message that never ends': (n) => message(2, Buffer.alloc(n)).subarray(0, n - 1),
}

/** Bytes of a piece; 0 for all in one. */
const pieceBytes = [1, 7, 1_000, 65_536, 0]

/**
 * A byte of a payload is copied once, and at most twice more where room doubles. One of a header is looked at once at each
 * call: in single bytes a header of 14 is looked at a dozen times.
 */
const WORK_MAX = 14

for (const [title, shape] of Object.entries(shapes)) {
  // Serial: the copies of all that runs are counted.
  test.serial(`every byte of ${title} is worked at a few times, however it is cut`, (t) => {
    const events: number[] = []
    for (const n of [24_000, 240_000]) {
      const bytes = shape(n)
      for (const size of pieceBytes) {
        const step = size === 0 ? bytes.length : size
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.length; at += step)
          pieces.push(Buffer.from(bytes.subarray(at, at + step)))
        const input = new CountingInput()
        const reader = new MessageReader({ limits })
        let count = 0
        const copied = countingCopies(() => {
          for (const piece of pieces) {
            input.push(piece)
            while (reader.next(input) !== undefined) count++
          }
        })
        events.push(count)
        const perByte = (input.work + copied) / bytes.length
        t.true(
          perByte <= WORK_MAX,
          `${perByte.toFixed(1)} for each of ${bytes.length} bytes in pieces of ${step}`,
        )
      }
    }
    const half = events.length / 2
    for (const part of [events.slice(0, half), events.slice(half)]) t.is(new Set(part).size, 1)
  })
}

test.serial('a copied message is counted, so that the law above can fail', (t) => {
  const input = new Input()
  const reader = new MessageReader({ limits })
  const bytes = message(2, Buffer.alloc(100_000))
  const copied = countingCopies(() => {
    input.push(Buffer.from(bytes.subarray(0, 50_000)))
    reader.next(input)
    input.push(Buffer.from(bytes.subarray(50_000)))
    t.is(reader.next(input)?.type, 'binary')
  })
  t.true(copied >= 100_000)
})

test.serial('what is announced and does not come costs no memory', (t) => {
  const bytes = frame({ opcode: 2, length: 60n * 1024n * 1024n }).subarray(0, 14)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 20 }, () => {
    const input = new Input()
    const reader = new MessageReader({ limits })
    input.push(Buffer.concat([bytes, Buffer.from('x')]))
    t.is(reader.next(input), undefined)
    return reader
  })
  t.true(process.memoryUsage().arrayBuffers - before < 10 * 1024 * 1024)
  t.is(readers.length, 20)
})

test.serial('fragments do not keep the chunks that they came in', async (t) => {
  const input = new Input()
  const reader = new MessageReader({ limits })
  const chunks: WeakRef<ArrayBufferLike>[] = []
  for (let i = 0; i < 20; i++) {
    const fragment = frame({ opcode: i === 0 ? 2 : 0, payload: 'x', fin: false })
    // Memory of its own, as a chunk of a socket has it.
    const chunk = Buffer.allocUnsafeSlow(2 * fragment.length + 10_000)
    const pings = Buffer.concat(Array.from({ length: 10_000 / 6 }, () => frame({ opcode: 9 })))
    const bytes = Buffer.concat([fragment, pings])
    chunks.push(new WeakRef(chunk.buffer))
    input.push(chunk.subarray(0, bytes.copy(chunk)))
    while (reader.next(input) !== undefined);
  }
  await roundOfNode()
  collect()
  // The last one may still be in a register of this function; were they kept, all 20 would be.
  t.true(chunks.filter((chunk) => chunk.deref() !== undefined).length <= 1)
  input.push(frame({ opcode: 0 }))
  t.deepEqual(reader.next(input), { type: 'binary', bytes: Buffer.from('x'.repeat(20)) })
})
