/**
 * Turns a reactor over any poller by hand and writes down what comes in, for tests of pollers. It waits for nothing but
 * what the subject's `pass` lets happen: a round of libuv, or nothing at all.
 */
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { defaultLimits } from '../../../runtime/limits.ts'
import type {
  Address,
  ListenerPort,
  ListenOptions,
  Poller,
  StreamPort,
  Transfer,
} from '../../../runtime/loop/poller.ts'
import { Reactor } from '../../../runtime/loop/reactor.ts'
import type { Turn } from '../../../runtime/loop/turn.ts'
import type { Clock } from '../../../runtime/time/clock.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'

/** Rounds after which what is waited for will not come: a million would be a minute. */
const ROUNDS_MAX = 20_000

export class PollerHand {
  readonly poller: Poller
  readonly listeners: ListenerPort[] = []
  private readonly turns: Iterator<Turn>
  private readonly pass: () => Promise<void>

  constructor(poller: Poller, pass: () => Promise<void>, clock: Clock = createManualClock()) {
    this.poller = poller
    this.pass = pass
    this.turns = new Reactor({ poller, clock, limits: defaultLimits }).turns()
  }

  turn(): Turn {
    return this.turns.next().value
  }

  /** Turns until the condition holds. */
  async until(condition: () => boolean, what = String(condition)): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.turn()
      if (condition()) return
      await this.pass()
    }
    throw new Error(`did not come: ${what}`)
  }

  /** Lets everything happen that is going to: for laws about what does not. */
  async settle(rounds = 20): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      this.turn()
      await this.pass()
    }
  }

  async listen(address: Address, options: Partial<ListenOptions> = {}): Promise<RecordingListener> {
    const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
    const port = await this.settled(
      this.poller.listen({ address, outputHighWaterBytes, inputHighWaterBytes, ...options }),
    )
    this.listeners.push(port)
    return new RecordingListener(port)
  }

  /** Rounds may be needed until a deferred is settled. */
  async settled<T>(deferred: Deferred<T>): Promise<T> {
    deferred.listen(ignore, ignore)
    await this.until(() => !deferred.isPending)
    return deferred
  }
}

export class RecordingListener {
  readonly port: ListenerPort
  readonly streams: RecordingStream[] = []
  readonly errors: Error[] = []

  constructor(port: ListenerPort) {
    this.port = port
    port.owner = this
  }

  transferred(transfer: Transfer): void {
    if (transfer.type === 'accepted') this.streams.push(new RecordingStream(transfer.stream))
    if (transfer.type === 'acceptFailed') this.errors.push(transfer.error)
  }
}

export class RecordingStream {
  readonly port: StreamPort
  readonly log: Transfer['type'][] = []
  readonly received: Buffer[] = []
  error: Error | undefined = undefined
  /** What the test wants done at once. */
  onTransfer: ((transfer: Transfer) => void) | undefined = undefined

  constructor(port: StreamPort) {
    this.port = port
    port.owner = this
  }

  transferred(transfer: Transfer): void {
    if (transfer.type === 'received') this.received.push(transfer.bytes)
    if (transfer.type === 'closed') this.error = transfer.error
    this.log.push(transfer.type)
    this.onTransfer?.(transfer)
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1')
  }

  has(type: Transfer['type']): boolean {
    return this.log.includes(type)
  }

  count(type: Transfer['type']): number {
    return this.log.filter((entry) => entry === type).length
  }
}

function ignore(): void {}
