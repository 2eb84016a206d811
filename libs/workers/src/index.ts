// The shop window, room by room.

export { WorkersModule } from './workers.module.js';
export { provideWorkers } from './workers.provider.js';
export { WORKERS_MODULE_OPTIONS, type WorkersOptionsFactory } from './workers.module-definition.js';
export type {
  RunName,
  RunOptions,
  ShutdownOptions,
  WorkersModuleExtras,
  WorkersModuleOptions,
} from './workers.options.js';
export { WorkersError } from './workers.error.js';
export { ConfigurationError } from './option.table.js';

export { Message, type Headers } from './message/message.js';
export type { Delivery } from './message/delivery.js';
export type { Aborted, Done, Failed, Lost, Outcome } from './message/outcome.js';
export { type Fault, type FaultKind, PermanentError, RetryableError } from './message/fault.js';

export { Channel, type Peeked } from './channel/channel.js';
export type { PutResult } from './channel/waiting.room.js';
export { channel, type ChannelDeclaration } from './channel/channel.declaration.js';
export type { BufferType, ChannelOptions, PayloadType, PutMode, ShedOptions } from './channel/channel.options.js';
export { getChannelToken, InjectChannel } from './channel/channel.decorator.js';
export { type PayloadIssue, PayloadInvalidError } from './channel/payload.check.js';
export {
  ChannelClosedError,
  ChannelOverflowError,
  ChannelUnknownError,
  MessageDroppedError,
} from './channel/channel.errors.js';

export { Worker } from './worker/worker.decorator.js';
export type { WorkerHandler } from './worker/worker.js';
export type { WorkerInfo } from './dispatch/elsewhere.js';
export type { WorkerContext } from './worker/worker.context.js';
export type { Dispatch, WorkerOptions, WorkerOverrides } from './worker/worker.options.js';
export type { WorkerFailure } from './worker/failure.js';
export type { InterceptorToken, Outgoing, WorkerInterceptor } from './worker/interceptor.js';
export { MESSAGE_REF, type WorkerContextType } from './worker/nest.handler.js';
export {
  HandlerFailedError,
  HandlerTimeoutError,
  WorkerElsewhereError,
  WorkerNotExposedError,
  WorkerUnknownError,
} from './worker/worker.errors.js';

export { Ticker } from './ticker/ticker.decorator.js';
export type { TickContext } from './ticker/tick.context.js';
export type { TickHandler } from './ticker/ticker.js';
export type { Overlap, TickerOptions, TickerOverrides } from './ticker/ticker.options.js';
export { CronNotInstalledError } from './ticker/ticker.errors.js';

export type { Dispatcher, DispatchPlan, DispatchSite, Invoke, Run, RunContext } from './dispatch/dispatcher.js';
export { inThread, type ThreadOptions } from './thread/in.thread.js';
export { inProcess, type ProcessOptions } from './process/in.process.js';
export { attachIsolate, type AttachOptions } from './process/attach.isolate.js';
export { type Form } from './wire/portable.js';
export { jsonSerializer, type Serializer } from './wire/serializer.js';
export { v8Serializer } from './wire/v8.serializer.js';
export { NotPortableError } from './wire/wire.errors.js';
export type { Middleware, MiddlewareContext } from './socket/middleware.js';
export { MessageTooLargeError, MiddlewareError } from './socket/socket.errors.js';
export type { CrashPolicy, EnvironmentOptions, PoolOptions, RecycleOptions } from './pool/pool.options.js';
export {
  CrashLoopError,
  HandlerNotExportedError,
  IsolateCrashedError,
  IsolateStartError,
  NotInIsolateError,
} from './isolate/isolate.errors.js';
export type { GuardMode } from './dispatch/guarding.js';
export { HandlerBlockedError } from './dispatch/dispatch.errors.js';

export { WorkerGateway } from './gateway/worker.gateway.js';
export {
  type ControlOptions,
  type PauseTarget,
  type TickerClass,
  WorkersControl,
  type WorkerTarget,
} from './gateway/workers.control.js';
export type { CommandOptions, RequestOptions } from './gateway/entrance.js';
export type { Reply } from './gateway/reply.js';
export { OverloadedError, RequestAbortedError, RequestTimeoutError } from './gateway/gateway.errors.js';
export { httpExceptionFor, WorkersExceptionFilter } from './gateway/workers.filter.js';

export { WorkersEvents } from './observe/workers.events.js';
export {
  type ActionName,
  ACTIONS,
  DROP_REASONS,
  type DropReason,
  EVENT_NAMES,
  type WorkersEvent,
  type WorkersEventMap,
  type WorkersEventName,
} from './observe/events.js';
export type { Observer, Redact } from './observe/announcer.js';
export type { Percentiles } from './observe/histogram.js';
export type {
  ChannelStats,
  IsolateStats,
  RelayStats,
  TickerState,
  TickerStats,
  WorkersStats,
  WorkerState,
  WorkerStats,
} from './observe/stats.js';

export type { Clock, Timer } from './lifecycle/clock.js';
export type { Duration } from './lifecycle/duration.js';
export type { Leftover } from './lifecycle/supervisor.js';
export { WorkersStoppingError } from './lifecycle/stop.errors.js';
