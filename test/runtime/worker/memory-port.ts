/** Two message ports in memory: what is posted is cloned as Node clones it, and is there when it is carried. */
import type { MessagePort } from 'node:worker_threads'

type Listener = (data: unknown) => void

export class MemoryPort {
  other: MemoryPort | undefined = undefined
  private readonly listeners = new Map<string, Set<Listener>>()
  private arrived: unknown[] = []
  isOpen = true

  /** @throws what `structuredClone` throws: then nothing was posted. */
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    const cloned = structuredClone(message, transfer === undefined ? {} : { transfer: [...transfer] })
    if (this.isOpen) this.other?.arrived.push(cloned)
  }

  on(name: string, listener: Listener): this {
    const listeners = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, listeners.add(listener))
    return this
  }

  ref(): void {}

  unref(): void {}

  close(): void {
    this.carry()
    this.other?.carry()
    for (const port of [this, this.other]) {
      if (port?.isOpen !== true) continue
      port.isOpen = false
      port.emit('close', undefined)
    }
  }

  /** Hands over what has come. @returns how many messages. */
  carry(): number {
    const { arrived } = this
    this.arrived = []
    for (const message of arrived) this.emit('message', message)
    return arrived.length
  }

  private emit(name: string, data: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) listener(data)
  }
}

/** As `new MessageChannel()`. */
export function memoryChannel(): [MemoryPort, MemoryPort] {
  const [one, two] = [new MemoryPort(), new MemoryPort()]
  one.other = two
  two.other = one
  return [one, two]
}

/** As a `Link` takes it. */
export function asMessagePort(port: MemoryPort): MessagePort {
  return port as unknown as MessagePort
}
