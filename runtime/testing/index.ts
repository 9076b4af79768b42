export { createSeededRandom } from '../context/random.ts'
export { createManualClock } from '../time/manual-clock.ts'
export { LeakError, SimulationError } from './errors.ts'
export { checkLeaks, holdings } from './leaks.ts'
export { createMemoryNetwork } from './memory-network.ts'
export { createMessageFence } from './message-fence.ts'
export { createSimulation } from './simulation.ts'

// Types.

export type { Random } from '../context/random.ts'
export type { ManualClock, ManualClockOptions } from '../time/manual-clock.ts'
export type { Holdings, Simulated } from './leaks.ts'
export type { Fence, MemoryClient } from './memory-client.ts'
export type { SystemError } from './memory-errors.ts'
export type { CutOptions, MemoryFaults } from './memory-manners.ts'
export type { MemoryClientOptions, MemoryNetwork, MemoryNetworkOptions } from './memory-network.ts'
export type { MessageFence, MessageFenceOptions } from './message-fence.ts'
export type { Simulation, SimulationOptions, WaitOptions } from './simulation.ts'
