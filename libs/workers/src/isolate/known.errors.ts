import * as nest from '@nestjs/common';
import {
  ChannelClosedError,
  ChannelOverflowError,
  ChannelUnknownError,
  MessageDroppedError,
} from '../channel/channel.errors.js';
import { PayloadInvalidError } from '../channel/payload.check.js';
import { OverloadedError, RequestAbortedError, RequestTimeoutError } from '../gateway/gateway.errors.js';
import { WorkersStoppingError } from '../lifecycle/stop.errors.js';
import { PermanentError, RetryableError } from '../message/fault.js';
import { ConfigurationError } from '../option.table.js';
import { MessageTooLargeError, MiddlewareError } from '../socket/socket.errors.js';
import { type ErrorClass, ErrorRegistry } from '../wire/error.registry.js';
import { NotPortableError, UnreadableError } from '../wire/wire.errors.js';
import {
  HandlerFailedError,
  HandlerTimeoutError,
  WorkerNotExposedError,
  WorkerUnknownError,
} from '../worker/worker.errors.js';
import {
  CrashLoopError,
  HandlerNotExportedError,
  IsolateCrashedError,
  IsolateStartError,
  NotInIsolateError,
} from './isolate.errors.js';

const HTTP = Object.values(nest).filter(
  (one): one is ErrorClass & typeof nest.HttpException =>
    typeof one === 'function' && (one === nest.HttpException || one.prototype instanceof nest.HttpException),
);

const OURS: readonly ErrorClass[] = [
  ChannelClosedError,
  ChannelOverflowError,
  ChannelUnknownError,
  ConfigurationError,
  CrashLoopError,
  HandlerFailedError,
  HandlerNotExportedError,
  HandlerTimeoutError,
  IsolateCrashedError,
  IsolateStartError,
  MessageDroppedError,
  MessageTooLargeError,
  MiddlewareError,
  NotInIsolateError,
  NotPortableError,
  OverloadedError,
  PayloadInvalidError,
  PermanentError,
  RequestAbortedError,
  RequestTimeoutError,
  RetryableError,
  UnreadableError,
  WorkerNotExposedError,
  WorkerUnknownError,
  WorkersStoppingError,
];

/**
 * The errors that cross with their class: Nest's HttpExceptions, this library's own, and those a dispatch names with `errors`.
 *
 * @throws ConfigurationError when two of them have one name
 */
export function knownErrors(named: readonly ErrorClass[] = []): ErrorRegistry {
  return new ErrorRegistry([...HTTP, ...OURS, ...named]);
}
