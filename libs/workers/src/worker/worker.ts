import type { WorkerContext } from './worker.context.js';

/**
 * A worker is a class decorated with `@Worker`, bound to one channel. What the decorator leaves behind is this record: plain data.
 * From it, discovery finds the class, the hall builds a runner, and the runner does the work.
 */
export interface WorkerRecord {
  /** What the decorator was given, unchecked. */
  readonly options: object;
  /** The file that called the decorator, as a URL; for workers that run in another thread or process. */
  readonly file?: string | undefined;
  /** What to do where the channels that the decorator chose are not declared. */
  readonly remedy?: string | undefined;
}

/** What a worker class implements: one message in, one value out. */
export interface WorkerHandler<I = unknown, O = unknown> {
  /**
   * Handles one payload.
   *
   * What it returns answers the caller and goes to `out` (not `undefined` or `null`); what it throws fails the message:
   * `PermanentError` for good, `RetryableError` to be tried again where the channel can. When the application stops now,
   * `context.signal` is aborted after the drain, and what it returns within the grace still counts.
   */
  handle(payload: I, context: WorkerContext): O | Promise<O>;
}

export const WORKER_METADATA = 'nestjs-workers:worker';
