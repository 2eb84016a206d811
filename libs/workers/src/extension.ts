/**
 * For packages that bring channels of their own, such as the outbox: what the house lends them. Applications need nothing of it, and it
 * may change with any minor version.
 */
export { Channel } from './channel/channel.js';
export type { ChannelSite, OpenChannel } from './channel/channel.declaration.js';
export { type ResolvedChannelOptions, resolveChannelOptions } from './channel/channel.options.js';
export { type PayloadCheck, payloadCheck } from './channel/payload.check.js';
export type { KeyOf } from './channel/keyed.buffer.js';
export type { Sending } from './channel/sending.js';
export type { HostPart, Premises } from './gateway/worker.gateway.js';
export { premisesAround } from './isolate/inside/home.js';
export { isIsolate } from './isolate/role.js';
export { Packing } from './isolate/packing.js';
export { type Clock, SystemClock, type Timer } from './lifecycle/clock.js';
export { type Duration, toMs } from './lifecycle/duration.js';
export type { Relay } from './lifecycle/supervisor.js';
export type { Delivery } from './message/delivery.js';
export { asError, type Fault, fault, thrownFault } from './message/fault.js';
export { type Stored, StoredMessage } from './message/message.js';
export type { ReplyAddress } from './message/reply.address.js';
export type { Source, Taker } from './message/source.js';
export { Announcer } from './observe/announcer.js';
export type { Follower, Trail } from './observe/follower.js';
export { BOUNDS_MS, type Distribution } from './observe/histogram.js';
export type { ChannelStats, RelayStats } from './observe/stats.js';
export * from './option.table.js';
export { workerBy } from './worker/worker.decorator.js';
export { type FoundClass, WorkerDiscovery } from './worker/worker.discovery.js';
export { shown, suggestion } from './workers.error.js';
export { encodeError } from './wire/error.codec.js';
export { BUILT_IN_ERRORS } from './wire/error.registry.js';
export { pack, type PackOptions, unpack } from './wire/portable.js';
export {
  type AssembledTicker,
  type AssembledWorker,
  type Distributions,
  WorkersApplication,
} from './workers.application.js';
