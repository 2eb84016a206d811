import type { BlockReport } from './block.report.js';
import { GuardedRun, type RunGuard } from './guarded.run.js';
import { Watchdog, type WatchedGuard } from './watchdog.js';
import type { WatchState } from './watchdog.thread.js';

/**
 * The guard finds inline handlers that hold the event loop. While one computes, no other handler, timer or socket gets its turn.
 *
 * Level one, always on, is a pair of clock readings around the handler's first synchronous segment. The dispatcher takes them; when
 * they lie more than `guardMs` apart it asks `ownMs` how much of that was the handler's own doing.
 *
 * Level two, for development and tests, sees the rest: after an `await`, in a timer, in a helper, in a chain of microtasks. A thread
 * (`watchdog.script.ts`) watches a heartbeat (`heartbeat.ts`). When a beat is late it looks at the main thread again and again until
 * the loop turns (`hold.ts`), each time noting the stack and, from the asynchronous context, the run. It needs handlers to run
 * `inside` a `GuardedRun`, which is what it costs.
 *
 * States: closed until `open`, open until `close`; both may be called twice. While closed it counts and sees nothing.
 *
 * Promises: a handler is named only when it alone held the loop for `guardMs` of its own time (`own.time.ts`); waiting is never
 * blocking. A handler that computes for three times `guardMs`, and 25 ms at least, is named wherever it does so. One report per
 * block. A run's verdict is ready when it ends. Nothing here keeps a process alive, stops the main thread or outlives the last guard.
 * Does not promise: to name what blocks after an `await` in a single native call (it is told without a name), to see blocks shorter
 * than three times `guardMs` there (it often does), or anything at level two while no handler is in flight, while an inspector
 * listens, or off the main thread.
 *
 * Invariant: `isBusy` is true exactly while a handler is in flight.
 */
export class Guard implements WatchedGuard, RunGuard {
  readonly house: object;
  readonly guardMs: number;
  readonly isWatched: boolean;
  private readonly onReport: (report: BlockReport) => void;
  /** How many runs it has begun. */
  begun = 0;
  private watchdog: Watchdog | undefined;
  private inFlight = 0;

  constructor({ house, guardMs, isWatched, onReport }: GuardOptions) {
    this.house = house;
    this.guardMs = guardMs;
    this.isWatched = isWatched;
    this.onReport = onReport;
  }

  get isBusy(): boolean {
    return this.inFlight > 0;
  }

  /** Whether level two is at work. */
  get watch(): WatchState {
    return this.watchdog?.state ?? { kind: 'off' };
  }

  open(): void {
    if (this.watchdog !== undefined) return;
    shared ??= new Watchdog();
    this.watchdog = shared;
    this.watchdog.retain(this);
    if (this.isBusy) this.watchdog.wake();
  }

  close(): void {
    const { watchdog } = this;
    this.watchdog = undefined;
    if (watchdog?.release(this) === true) shared = undefined;
  }

  /** A handler is about to be entered. */
  enter(): void {
    if (this.inFlight++ === 0) this.watchdog?.wake();
  }

  /** A handler has settled. */
  leave(): void {
    this.inFlight--;
  }

  /** Enters a handler whose code will run `inside` what this returns; `end()` of it leaves again. For level two. */
  begin(runId: number, worker: string, messageId: string): GuardedRun {
    this.enter();
    this.begun++;
    return new GuardedRun(this, runId, worker, messageId);
  }

  /**
   * How much of a synchronous segment, in `performance.now()` milliseconds, was own time. Call it right at the segment's end, in the
   * same synchronous code, between `enter` and `leave`; it answers one turn of the event loop later.
   */
  ownMs(startedAtMs: number, endedAtMs: number): Promise<number> {
    return this.watchdog?.ownMs(startedAtMs, endedAtMs) ?? Promise.resolve(endedAtMs - startedAtMs);
  }

  /** Tells of a block that no run's end tells of. */
  report(report: BlockReport): void {
    this.onReport(report);
  }
}

/** What a guard is made for. */
export interface GuardOptions {
  /** The application; its runs are told from those of others by it. */
  readonly house: object;
  /** For how long a handler may hold the event loop. */
  readonly guardMs: number;
  /** Whether level two is wanted too. */
  readonly isWatched: boolean;
  /** Told of blocks that can be laid to no run, and of what runs left behind. Must not throw. */
  readonly onReport: (report: BlockReport) => void;
}

/** The process's, while any guard is open. */
let shared: Watchdog | undefined;
