import type { FaultKind } from '../message/fault.js';
import type { Headers } from '../message/message.js';

/**
 * What a worker's `failures` channel carries: which message failed, where, how and after how long, with the message itself, so
 * that whoever reads it can log it, count it or send it again.
 */
export interface WorkerFailure<T = unknown> {
  readonly worker: string;
  readonly channel: string | undefined;
  readonly messageId: string;
  readonly kind: FaultKind;
  /** Whether trying again may help, as far as the fault says. */
  readonly retryable: boolean;
  /** Whether it will be tried again by itself: true of a durable message for each failure but the last. In memory nothing is. */
  readonly willRetry: boolean;
  readonly message: string;
  readonly error: Error;
  readonly attempt: number;
  readonly payload: T;
  readonly headers: Headers;
  readonly waitMs: number;
  readonly runMs: number;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
}
