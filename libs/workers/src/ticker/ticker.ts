import type { TickContext } from './tick.context.js';

/**
 * A ticker is a class decorated with `@Ticker`: a worker whose source is time instead of a channel. What the decorator leaves behind
 * is this record: plain data. A `Schedule` says when it is due, a `TickSource` makes each due tick a message, and an ordinary
 * `WorkerRunner` has it handled, with the dispatch, timeout, output and failures of any worker.
 *
 * States: `disabled` by its options for good; `idle` until started; `running`; `stopped`, and it never goes back.
 *
 * Promises: the n-th tick of an interval is due at start + n x interval, however late the ones before were handed on; every due tick
 * has a sequence number and is either handed on or skipped, counted and announced; a `tick` that throws is counted and announced,
 * and the ticker goes on; by default no tick is entered while the one before is under way.
 * Does not promise: to run on one host only; to make up for what was due while the application was down; to wait for a handler that
 * ran out of time and ignores its signal.
 */
export interface TickerRecord {
  /** What the decorator was given, unchecked. */
  readonly options: object;
  /** The file that called the decorator, as a URL; for tickers that run in another thread or process. */
  readonly file?: string | undefined;
}

/** What a ticker class implements. */
export interface TickHandler<O = unknown> {
  /**
   * Called for each tick that is due and not skipped.
   *
   * What it returns goes to `out` (not `undefined` or `null`); what it throws goes to `failures`, and the next tick comes all the
   * same. When the application stops now, no further tick becomes due, and `context.signal` is aborted after the drain.
   */
  tick(context: TickContext): O | Promise<O>;
}

export const TICKER_METADATA = 'nestjs-workers:ticker';
