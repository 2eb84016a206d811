import type { TickerStats, WorkerStats } from '../observe/stats.js';

/** The accounts of one ticker, and with them its numbering: the next sequence is what was handed on and what was skipped. */
export class TickerBooks {
  leftOver = 0;
  private ticks = 0;
  private skipped = 0;
  private skippedBefore = 0;
  private driftMs = 0;

  get sequence(): number {
    return this.ticks + this.skipped;
  }

  /** Enters a tick that is handed on; tells how many were skipped since the one before. */
  tick(driftMs: number): number {
    const skipped = this.skipped - this.skippedBefore;
    this.skippedBefore = this.skipped;
    this.driftMs = driftMs;
    this.ticks++;
    return skipped;
  }

  skip(count: number): void {
    this.skipped += count;
  }

  snapshot(worker: WorkerStats, failed: number, now: Pick<TickerStats, 'state' | 'queued' | 'maxQueued'>): TickerStats {
    const { ticks, skipped, driftMs } = this;
    const leftOver = this.leftOver + worker.leftOver;
    const { done, aborted, inFlight, concurrency, runMs, isolates } = worker;
    return { ...now, ticks, skipped, done, failed, aborted, driftMs, inFlight, concurrency, leftOver, runMs, isolates };
  }
}
