import { clearInterval, setInterval } from 'node:timers';
import type { Mark, OwnTime } from './own.time.js';

/**
 * The heartbeat: tells the watchdog, in shared memory, that the event loop turns.
 *
 * States: `still`, without a timer, until a handler is entered; `beating` while one is in flight and up to one beat longer, so that
 * a handler costs no timer. While it beats, the watchdog sleeps unless somebody wants it, and as long as an inspector listens: a
 * breakpoint holds the event loop too, and whoever sits at a debugger wants no report of it.
 *
 * Promises: keeps no process alive. Its timers are those that were there when this file was loaded, so a test that fakes time does
 * not stop the heart. Does not promise: a beat in time; that is the point.
 */
export class Heartbeat {
  /** What the watchdog's thread reads, see `Cell`. */
  readonly cells = new Int32Array(new SharedArrayBuffer(4 * Object.keys(Cell).length));
  /** When the event loop was last known to turn. */
  last: Mark;
  /** The time between two beats. */
  intervalMs = UNWATCHED_MS;
  private timer: NodeJS.Timeout | undefined;
  private task: number = ThreadTask.sleep;

  constructor(private readonly owner: HeartbeatOwner) {
    this.last = owner.ownTime.mark();
  }

  /** Sets the pace for a watchdog of handlers that may hold the event loop for `guardMs`; undefined when nobody is watched. */
  pace(guardMs: number | undefined): void {
    this.intervalMs = guardMs === undefined ? UNWATCHED_MS : Math.min(25, Math.max(5, Math.ceil((guardMs * 3) / 4)));
    if (this.timer !== undefined) this.setTimer();
    if (guardMs === undefined) return;
    Atomics.store(this.cells, Cell.lateAfterMs, this.intervalMs + Math.ceil(guardMs / 4));
    // A little over half, so that from the first look to the third it is a whole `guardMs`.
    Atomics.store(this.cells, Cell.lookEveryMs, Math.ceil(guardMs / 2) + 1);
  }

  /** A handler is entered. It may block before the next beat, so whoever is to watch it is woken now. */
  start(): void {
    if (this.timer !== undefined && !this.isNeeded) return;
    if (this.timer === undefined) this.setTimer();
    this.beat();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.tell(ThreadTask.sleep);
  }

  /** Whether somebody is to be watched and the watchdog sleeps. Asked for every message of an application with little to do. */
  private get isNeeded(): boolean {
    return this.intervalMs !== UNWATCHED_MS && this.task !== ThreadTask.watch && this.owner.wanted() === 'watch';
  }

  private setTimer(): void {
    clearInterval(this.timer);
    this.timer = setInterval(this.beat, this.intervalMs).unref();
  }

  private readonly beat = (): void => {
    this.last = this.owner.ownTime.mark();
    Atomics.store(this.cells, Cell.beatAtMs, this.last.atMs);
    this.owner.beaten();
    const wanted = this.owner.wanted();
    if (wanted === 'nothing') this.stop();
    else this.tell(wanted === 'watch' && !isInspected() ? ThreadTask.watch : ThreadTask.sleep);
  };

  private tell(task: number): void {
    if (task === this.task) return;
    this.task = task;
    Atomics.store(this.cells, Cell.task, task);
    Atomics.notify(this.cells, Cell.task);
  }
}

/** Without a watchdog a beat only brings the scheduler's account up to date (`own.time.ts`), and each wakes an idle process. */
const UNWATCHED_MS = 50;

/** Whose heart it is. */
export interface HeartbeatOwner {
  readonly ownTime: OwnTime;
  /** What is needed now: a heart that is watched, a heart, or nothing as no handler is in flight. */
  wanted(): 'watch' | 'beat' | 'nothing';
  /** The event loop turns; whatever held it has let go. */
  beaten(): void;
}

/** The memory shared with the watchdog's thread, an integer each; times are milliseconds of the main thread's `performance.now()`. */
export const Cell = { task: 0, beatAtMs: 1, lateAfterMs: 2, lookEveryMs: 3, isLooking: 4 } as const;

/** What the watchdog's thread is to do; the value of `Cell.task`. */
export const ThreadTask = { sleep: 0, watch: 1, end: 2 } as const;

const inspector = process.getBuiltinModule('node:inspector');

/** Whether an inspector listens, and somebody may hold the main thread at a breakpoint. */
export function isInspected(): boolean {
  return inspector?.url() !== undefined;
}
