import { closeSync, openSync, readSync } from 'node:fs';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/**
 * Own time: what is left of a stretch of time on the main thread without what the machine did in it.
 *
 * A clock alone accuses the innocent. The collector may have stopped a handler, the scheduler may have left it waiting for a core.
 * So a stretch is marked at both ends, and what was lost between the marks is taken off.
 *
 * States: open from its making until `close`; marks made after that know nothing of waiting for a core.
 *
 * Promises: garbage collections, waiting for a core (Linux) and the watchdog's own looks are taken off; on doubt too much rather
 * than too little. Does not promise: to notice what a hypervisor takes, or waiting for a core where there is no /proc/thread-self/schedstat.
 *
 * Costs: nothing per message; about a microsecond per collection and two per mark.
 */
export class OwnTime {
  private readonly collections: { readonly startedAt: number; readonly endedAt: number }[] = [];
  private readonly observer = new PerformanceObserver((list) => this.remember(list.getEntries()));
  private queue = RunQueue.open();
  private lookedMs = 0;

  constructor() {
    this.observer.observe({ type: 'gc' });
  }

  close(): void {
    this.observer.disconnect();
    this.queue?.close();
    this.queue = undefined;
  }

  /** One end of a stretch: now. */
  mark(): Mark {
    return { atMs: nowMs(), lostMs: this.lookedMs + (this.queue?.waitedMs() ?? 0) };
  }

  /** The time since `mark` was the guard's, nobody else's; what of it was waiting for a core is lost already and counts once. */
  looked(mark: Mark): void {
    const now = this.mark();
    this.lookedMs += now.atMs - mark.atMs - (now.lostMs - mark.lostMs);
  }

  /** The own time between two marks, in milliseconds. Collections are known one turn of the event loop later, hence the promise. */
  async between(from: Mark, to: Mark): Promise<number> {
    await setImmediate();
    this.remember(this.observer.takeRecords());
    let ownMs = to.atMs - from.atMs - (to.lostMs - from.lostMs);
    for (const { startedAt, endedAt } of this.collections) {
      ownMs -= Math.max(0, Math.min(endedAt, to.atMs) - Math.max(startedAt, from.atMs));
    }
    return Math.max(0, ownMs);
  }

  private remember(entries: readonly { readonly startTime: number; readonly duration: number }[]): void {
    const { collections } = this;
    for (const { startTime, duration } of entries)
      collections.push({ startedAt: startTime, endedAt: startTime + duration });
    if (collections.length > 2 * COLLECTIONS_KEPT) collections.splice(0, collections.length - COLLECTIONS_KEPT);
  }
}

/** Milliseconds of `performance.now()`: the real one, also where a test fakes time. */
export const nowMs = performance.now.bind(performance);

/** One end of a stretch: when, by `nowMs`, and what had been lost by then since the process began. */
export interface Mark {
  readonly atMs: number;
  readonly lostMs: number;
}

/** More collections than this in one stretch take so long that a few of them do not matter. */
const COLLECTIONS_KEPT = 512;

/** How long this thread was ready to run and had no core. The kernel counts it, in nanoseconds, in the second field. */
class RunQueue {
  private readonly buffer = Buffer.alloc(128);
  private lastMs = 0;

  private constructor(private readonly file: number) {}

  /** Undefined where the kernel does not say. */
  static open(): RunQueue | undefined {
    try {
      return new RunQueue(openSync('/proc/thread-self/schedstat', 'r'));
    } catch {
      return undefined;
    }
  }

  /** Never throws: it is read in the middle of other people's code, where a test may have replaced the file system. */
  waitedMs(): number {
    try {
      const length = readSync(this.file, this.buffer, 0, this.buffer.length, 0);
      const waitedMs = Number(this.buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6;
      if (waitedMs > this.lastMs) this.lastMs = waitedMs;
    } catch {
      // What was known last is the best there is.
    }
    return this.lastMs;
  }

  close(): void {
    closeSync(this.file);
  }
}
