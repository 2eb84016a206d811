import { describe, expect, it } from 'vitest';
import { SystemClock } from '../lifecycle/clock.js';
import { HeldClock } from '../testing/held.clock.js';
import { IntervalSchedule } from './interval.schedule.js';
import type { Moment } from './schedule.js';

function listen(everyMs: number, isImmediate: boolean, clock = new HeldClock()) {
  const told: { at: number; moments: Moment[] }[] = [];
  const schedule = new IntervalSchedule(everyMs, isImmediate, clock);
  schedule.start((count, momentOf) => {
    told.push({ at: clock.now(), moments: Array.from({ length: count }, (_, index) => momentOf(index)) });
  });
  return { schedule, clock, told };
}

describe('an interval schedule', () => {
  it('is due for the n-th time at the start + n x interval', async () => {
    const { clock, told } = listen(1_000, false);
    await clock.advance('3500ms');
    expect(told.map(({ at }) => at)).toEqual([1_000, 2_000, 3_000]);
  });

  it('is due at once when it is immediate', () => {
    const { clock, told } = listen(1_000, true);
    expect(told).toEqual([{ at: 0, moments: [{ dueAt: clock.wall(), lateMs: 0 }] }]);
  });

  it('tells a late time by how late it is, and keeps the anchor', async () => {
    const { clock, told } = listen(2.5, false);
    await clock.advance(10);
    // Timers ring at whole milliseconds: 3, 5, 8, 10. The due times are 2.5, 5, 7.5, 10.
    expect(told.map(({ moments }) => moments[0]?.lateMs)).toEqual([0.5, 0, 0.5, 0]);
  });

  it('tells everything that was slept through at once, at no cost per time', () => {
    const sleeper = new SleepingClock();
    const counts: number[] = [];
    const moments: Moment[] = [];
    new IntervalSchedule(1, false, sleeper).start((count, momentOf) => {
      counts.push(count);
      moments.push(momentOf(0), momentOf(count - 1));
    });
    sleeper.wake(1e12 + 0.25);
    expect(counts).toEqual([1e12]);
    expect(moments).toEqual([
      { dueAt: 1, lateMs: 1e12 - 0.75 },
      { dueAt: 1e12, lateMs: 0.25 },
    ]);
    sleeper.wake(0.75);
    expect(counts).toEqual([1e12, 1]);
  });

  it('rings again when a timer rings early', () => {
    const sleeper = new SleepingClock();
    const counts: number[] = [];
    new IntervalSchedule(10, false, sleeper).start((count) => counts.push(count));
    sleeper.wake(9.5);
    expect(counts).toEqual([]);
    sleeper.wake(0.5);
    expect(counts).toEqual([1]);
  });

  it('tells nothing after it is stopped, not even when it is stopped by whom it tells', async () => {
    const clock = new HeldClock();
    const schedule = new IntervalSchedule(10, true, clock);
    let count = 0;
    schedule.start(() => {
      if (++count === 3) schedule.stop();
    });
    await clock.advance(100);
    schedule.stop();
    expect([count, clock.pending]).toEqual([3, 0]);
  });

  it('is never early on the clock of the machine', async () => {
    const schedule = new IntervalSchedule(3, true, new SystemClock());
    const lateMs: number[] = [];
    await new Promise<void>((resolve) => {
      schedule.start((_, momentOf) => lateMs.push(momentOf(0).lateMs) >= 50 && resolve());
    });
    schedule.stop();
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
  });
});

/** A clock that jumps: whatever its one timer was set to, it rings when the clock wakes. */
class SleepingClock extends HeldClock {
  private asleepMs = 0;
  private due = (): void => {};

  constructor() {
    super(0);
  }

  override now(): number {
    return this.asleepMs;
  }

  override after(_delayMs: number, due: () => void) {
    this.due = due;
    return { cancel: () => {}, hold: () => {} };
  }

  wake(sleptMs: number): void {
    this.asleepMs += sleptMs;
    this.due();
  }
}
