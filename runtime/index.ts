export { Context, MissingContextError } from './context/context.ts'
export { jsonCodec, Key, key } from './context/key.ts'
export { createJsonLog, silentLog } from './context/log.ts'
export { createRandom, createSeededRandom, nextFraction } from './context/random.ts'
export { Trace } from './context/trace.ts'
export { fromWire, toWire } from './context/wire.ts'
export { all, race } from './deferred/combinators.ts'
export { Deferred } from './deferred/deferred.ts'
export {
  CancelledError,
  codeOf,
  DeadlineError,
  GreenroomError,
  InvariantError,
  OverloadError,
  PeerError,
  UsageError,
} from './errors.ts'
export { defaultLimits } from './limits.ts'
export { IDLE, ready, transfers, turns } from './loop/loop.ts'
export { createNodePoller } from './loop/node-poller.ts'
export { Reactor } from './loop/reactor.ts'
export { Turn } from './loop/turn.ts'
export { Work } from './loop/work.ts'
export { Envelope } from './mailbox/envelope.ts'
export { Mailbox } from './mailbox/mailbox.ts'
export { behaviour } from './system/behaviour.ts'
export { ActorFailedError, AskError, NameTakenError, RestartIntensityError } from './system/errors.ts'
export { SystemEvents } from './system/events.ts'
export { receiving } from './system/receiving.ts'
export { ActorSystem, createSystem, System } from './system/system.ts'
export { createClock } from './time/node-clock.ts'

// Types.

export type { CancelListener, Cancellation } from './context/cancellation.ts'
export type { Cancel, ContextRoots } from './context/context.ts'
export type { AnyKey, Codec, KeyOptions } from './context/key.ts'
export type { JsonLogOptions, Log, LogLevel } from './context/log.ts'
export type { Random } from './context/random.ts'
export type { WireContext } from './context/wire.ts'
export type { FailureWatch } from './deferred/failure-watch.ts'
export type { Limits } from './limits.ts'
export type {
  Address,
  ListenerPort,
  ListenOptions,
  Poller,
  Port,
  PortOwner,
  StreamPort,
  Transfer,
} from './loop/poller.ts'
export type { ReactorOptions, WrapTurns } from './loop/reactor.ts'
export type { Flushable, Steppable } from './loop/work.ts'
export type { EventObject } from './mailbox/envelope.ts'
export type { Overflow, UndeliveredSink } from './mailbox/mailbox.ts'
export type { DeadReason, Offer, Refusal } from './mailbox/refusal.ts'
export type { BehaviourConfig, BehaviourScope, EventsOf, Handler, States } from './system/behaviour.ts'
export type { DeadLetter, FailurePhase, SystemEventMap } from './system/events.ts'
export type { ActorScope, Logic, Spawn } from './system/logic.ts'
export type { MailboxOptions, Restart, RestartOptions, SpawnOptions } from './system/options.ts'
export type { Received, ReceivingOptions, ReceivingScope, Resumption, Wait } from './system/receiving.ts'
export type { AnyEvent, Ask, AskOptions, Down, Drain, EndReason, Ref, ReplyOf } from './system/ref.ts'
export type { StopOptions, SystemOptions } from './system/system.ts'
export type { Delivered } from './system/xstate-logic.ts'
export type { Inspector } from './system/xstate-root.ts'
export type { Clock, ClockOptions, Timer } from './time/clock.ts'
