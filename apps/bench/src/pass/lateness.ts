/**
 * A timer that should fire every millisecond, and how late it was each time. Whoever keeps the event loop to himself shows
 * up here, and so does a collection of the heap: a socket beside the queue would have waited just as long.
 */
import { setTimeout as pause } from 'node:timers/promises';

const PERIOD_MS = 1;
const SETTLING_MS = 50;

export class Lateness {
  private lateMs: number[] = [];
  private isOver = false;

  /** Resolves when the timer has run undisturbed for a while; what counts is what comes after. */
  async begin(): Promise<void> {
    this.arm();
    await pause(SETTLING_MS);
    this.lateMs = [];
  }

  /** Resolves after the tick that was under way, which may be the latest of all. */
  async end(): Promise<{ p50Ms: number; p99Ms: number; maxMs: number; ticks: number }> {
    await pause(PERIOD_MS);
    this.isOver = true;
    const sorted = this.lateMs.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), ticks: sorted.length };
  }

  private arm(): void {
    const due = performance.now() + PERIOD_MS;
    setTimeout(() => {
      this.lateMs.push(Math.max(0, performance.now() - due));
      if (!this.isOver) this.arm();
    }, PERIOD_MS);
  }
}
