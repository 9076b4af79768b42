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
export { clientTls, serverTls } from './loop/node-tls.ts'
export { Reactor } from './loop/reactor.ts'
export { Turn } from './loop/turn.ts'
export { Work } from './loop/work.ts'
export { Envelope } from './mailbox/envelope.ts'
export { Mailbox } from './mailbox/mailbox.ts'
export { Priorities } from './mailbox/priorities.ts'
export { askAll } from './system/ask-all.ts'
export { behaviour } from './system/behaviour.ts'
export { child } from './system/child-spec.ts'
export { dynamicSupervisor } from './system/dynamic-supervisor.ts'
export {
  ActorFailedError,
  AskError,
  ChildStartError,
  DeadlockError,
  NameTakenError,
  RestartIntensityError,
} from './system/errors.ts'
export { SystemEvents } from './system/events.ts'
export { ActorGroup, ActorName, actorGroup, actorName } from './system/names.ts'
export { postpone } from './system/postpone.ts'
export { receiving } from './system/receiving.ts'
export { Registry } from './system/registry.ts'
export { formatTree } from './system/snapshot.ts'
export { supervisor } from './system/supervisor.ts'
export { ActorSystem, createSystem, System } from './system/system.ts'
export { askFor, reply, tell } from './system/xstate-actions.ts'
export { createClock } from './time/node-clock.ts'
export { ThreadError, ThreadLostError } from './worker/errors.ts'
export { defaultThreadLimits } from './worker/limits.ts'
export { onThread } from './worker/on-thread.ts'
export { threadModule } from './worker/thread-module.ts'
export { threadPool } from './worker/thread-pool.ts'
export { transfer } from './worker/transfer.ts'

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
  ConnectOptions,
  ListenerPort,
  ListenOptions,
  Poller,
  Port,
  PortOwner,
  StreamPort,
  Transfer,
} from './loop/poller.ts'
export type { ReactorOptions, WrapTurns } from './loop/reactor.ts'
export type {
  Certificate,
  ClientTls,
  ClientTlsOptions,
  Pem,
  Securing,
  ServerTls,
  ServerTlsOptions,
  TlsSession,
} from './loop/tls.ts'
export type { Flushable, Gatherer, Steppable } from './loop/work.ts'
export type { EventObject } from './mailbox/envelope.ts'
export type { Overflow, UndeliveredSink } from './mailbox/mailbox.ts'
export type { DeadReason, Offer, Refusal } from './mailbox/refusal.ts'
export type { Answer } from './system/ask-all.ts'
export type { BehaviourConfig, BehaviourScope, EventsOf, Handler, States } from './system/behaviour.ts'
export type { ChildOptions, ChildSpec } from './system/child-spec.ts'
export type { ChildStart, ChildStatus } from './system/children.ts'
export type { DynamicSupervisorConfig, DynamicSupervisorEvent } from './system/dynamic-supervisor.ts'
export type {
  ActorEvent,
  DeadLetter,
  Failed,
  Refused,
  Restarted,
  Stopped,
  SystemEventMap,
} from './system/events.ts'
export type { ActorScope, EventOf, Logic, Spawn } from './system/logic.ts'
export type {
  BackoffOptions,
  MailboxOptions,
  Restart,
  RestartFrom,
  RestartOptions,
  RestartPace,
  SpawnOptions,
} from './system/options.ts'
export type { Received, ReceivingOptions, ReceivingScope, Resumption, Wait } from './system/receiving.ts'
export type {
  AnyEvent,
  Ask,
  AskOptions,
  Down,
  Drain,
  EndReason,
  FailurePhase,
  Ref,
  ReplyOf,
} from './system/ref.ts'
export type {
  Broadcast,
  BroadcastOptions,
  Joined,
  Registered,
  RegistryLimits,
  RegistryStatistics,
} from './system/registry.ts'
export type { ActorSnapshot, MailSnapshot, SnapshotOptions, SystemSnapshot } from './system/snapshot.ts'
export type { Phase } from './system/standing.ts'
export type { Strategy } from './system/supervision.ts'
export type { AutoShutdown, SupervisorConfig, SupervisorEvent } from './system/supervisor.ts'
export type { StopOptions, SystemOptions } from './system/system.ts'
export type { AskForOptions, MachineAction, MachineArgs } from './system/xstate-actions.ts'
export type { Delivered } from './system/xstate-messages.ts'
export type { Inspector } from './system/xstate-root.ts'
export type { Clock, ClockOptions, Timer } from './time/clock.ts'
export type { ThreadErrorCode } from './worker/errors.ts'
export type { ThreadLimits } from './worker/limits.ts'
export type { OnThread, ThreadOptions } from './worker/on-thread.ts'
export type { ThreadExports, ThreadModule } from './worker/thread-module.ts'
export type { ThreadPoolOptions } from './worker/thread-pool.ts'
export type { Transferable } from './worker/transfer.ts'
export type { WorkerOptions } from './worker/worker-thread.ts'
