export { IDLE, ready, transfers, turns } from './loop.ts'
export { createNodePoller } from './node-poller.ts'
export { Reactor } from './reactor.ts'
export { Turn } from './turn.ts'
export { Work } from './work.ts'

// Types.

export type {
  Address,
  ListenerPort,
  ListenOptions,
  Poller,
  Port,
  PortOwner,
  StreamPort,
  Transfer,
} from './poller.ts'
export type { ReactorOptions, WrapTurns } from './reactor.ts'
export type { Flushable, Steppable } from './work.ts'
