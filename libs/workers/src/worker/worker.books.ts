import type { FaultKind } from '../message/fault.js';
import type { Outcome } from '../message/outcome.js';
import { type Distribution, Histogram } from '../observe/histogram.js';
import type { WorkerStats } from '../observe/stats.js';

/** What of a worker's statistics is counted here, from its start on. */
type Counted = 'done' | 'failed' | 'aborted' | 'lost' | 'leftOver' | 'waitMs' | 'runMs';
type Standing = Omit<WorkerStats, Counted>;

/** The accounts of one worker. */
export class WorkerBooks {
  private done = 0;
  private aborted = 0;
  private lost = 0;
  /** Taken and not started when the application stopped. */
  leftOver = 0;
  private readonly failed: Partial<Record<FaultKind, number>> = {};
  private readonly waitMs = new Histogram();
  private readonly runMs = new Histogram();

  record(outcome: Outcome, waitMs: number, runMs: number): void {
    this.waitMs.record(waitMs);
    this.runMs.record(runMs);
    if (outcome.type === 'done') this.done++;
    else if (outcome.type === 'failed') this.failed[outcome.fault.kind] = (this.failed[outcome.fault.kind] ?? 0) + 1;
    else this[outcome.type]++;
  }

  /** One that nobody waited for any more did not run: it says nothing of how long handlers take. */
  leaveOut(waitMs: number): void {
    this.waitMs.record(waitMs);
    this.aborted++;
  }

  /** All faults together. */
  get failures(): number {
    return Object.values(this.failed).reduce((sum, count) => sum + count, this.lost);
  }

  distributions(): { readonly waitMs: Distribution; readonly runMs: Distribution } {
    return { waitMs: this.waitMs.distribution(), runMs: this.runMs.distribution() };
  }

  /** With how it stands at this moment, which its runner knows. */
  snapshot(standing: Standing): WorkerStats {
    return {
      ...standing,
      done: this.done,
      failed: { ...this.failed },
      aborted: this.aborted,
      lost: this.lost,
      leftOver: this.leftOver,
      waitMs: this.waitMs.percentiles(),
      runMs: this.runMs.percentiles(),
    };
  }
}
