import type { Clock, Timer } from './clock.js';

/** Waits that end together, and that do not keep the process alive. */
export class Timers {
  private readonly timers = new Set<Timer>();

  constructor(private readonly clock: Clock) {}

  /** Calls `due` in a while, unless all are cancelled before, or this one by the returned function. */
  after(delayMs: number, due: () => void): () => void {
    const timer = this.clock.after(delayMs, () => {
      this.timers.delete(timer);
      due();
    });
    timer.hold(false);
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
      timer.cancel();
    };
  }

  cancel(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }
}
