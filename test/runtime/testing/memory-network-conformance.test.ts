/** The memory network's pollers keep the laws of every poller. */
import type { Address } from '../../../runtime/loop/poller.ts'
import { createMemoryNetwork } from '../../../runtime/testing/memory-network.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { testClient } from '../loop/client-conformance.ts'
import { type PollerPeer, type PollerSubject, testPoller } from '../loop/poller-conformance.ts'

const addresses: readonly [string, Address][] = [
  ['memory tcp', { transport: 'tcp', host: '127.0.0.1', port: 0 }],
  ['memory unix', { transport: 'unix', path: '/run/test.sock' }],
]

for (const [name, address] of addresses) {
  testPoller(name, () => createSubject(address))
  testClient(name, () => createSubject(address))
}

function createSubject(address: Address): PollerSubject {
  const network = createMemoryNetwork({ clock: createManualClock() })
  return {
    poller: network.createPoller(),
    otherPoller: () => network.createPoller(),
    freshAddress: () => address,
    pass: () => Promise.resolve(),
    close() {},
    async connect(to): Promise<PollerPeer> {
      // A window that much output fills, as the buffers of real sockets would be filled.
      const client = network.connect(to, { windowBytes: 1_000_000 })
      let isReading = true
      return {
        write: (text) => client.write(text),
        end: () => client.end(),
        reset: () => client.reset(),
        destroy: () => client.close(),
        pause() {
          isReading = false
        },
        resume() {
          isReading = true
          client.drain()
        },
        get received() {
          if (isReading) client.drain()
          return client.received
        },
        get hasEnded() {
          if (isReading) client.drain()
          return client.hasEnded
        },
        get wasReset() {
          return client.wasReset
        },
      }
    },
  }
}
