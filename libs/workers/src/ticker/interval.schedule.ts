import type { Clock, Timer } from '../lifecycle/clock.js';
import type { OnDue, Schedule } from './schedule.js';

/**
 * Due every `everyMs`, anchored: the n-th time lies at the start + n x interval. A tick that is noticed late moves none of those after
 * it, which is what re-armed timers and `setInterval` do (measured: 2.5 % of a 10 ms interval).
 */
export class IntervalSchedule implements Schedule {
  private timer: Timer | undefined = undefined;

  constructor(
    private readonly everyMs: number,
    private readonly isImmediate: boolean,
    private readonly clock: Clock,
  ) {}

  start(onDue: OnDue): void {
    const startedAt = this.clock.now();
    const wallAtStart = this.clock.wall();
    let next = this.isImmediate ? 0 : 1;
    const ring = (): void => {
      const first = next;
      const now = this.clock.now();
      next = Math.max(first, Math.floor((now - startedAt) / this.everyMs) + 1);
      // Armed before anybody is told, so that whoever hears of a tick can stop the schedule.
      this.arm(startedAt + next * this.everyMs - now, ring);
      if (next === first) return;
      onDue(next - first, (index) => {
        const sinceStartMs = (first + index) * this.everyMs;
        return { dueAt: wallAtStart + sinceStartMs, lateMs: now - startedAt - sinceStartMs };
      });
    };
    ring();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Node cuts fractions off a delay; one that is cut would ring early, and then once more. */
  private arm(delayMs: number, ring: () => void): void {
    this.timer = this.clock.after(Math.max(1, Math.ceil(delayMs)), ring);
  }
}
