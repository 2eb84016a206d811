import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from './clock.js';

describe("the machine's clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('never goes back, and knows the wall clock', () => {
    const clock = new SystemClock();
    const before = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(clock.at(before)).toBe(before);
    expect(clock.wall()).toBe(Date.now());
  });

  it('calls once, when the time has come', async () => {
    const due = vi.fn<() => void>();
    new SystemClock().after(1_000, due);
    await vi.advanceTimersByTimeAsync(999);
    expect(due).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('waits longer than Node can, in legs', async () => {
    const due = vi.fn<() => void>();
    const days30 = 30 * 86_400_000;
    new SystemClock().after(days30, due);
    await vi.advanceTimersByTimeAsync(days30 - 1);
    expect(due).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('forgets what is cancelled, in any leg, before and after', async () => {
    const due = vi.fn<() => void>();
    const timer = new SystemClock().after(30 * 86_400_000, due);
    await vi.advanceTimersByTimeAsync(29 * 86_400_000);
    timer.cancel();
    timer.cancel();
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect([due.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("a timer of the machine's clock", () => {
  it('keeps the process alive until it is let go, and again when it is held again', () => {
    const timeouts = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timeouts();
    const timer = new SystemClock().after(60_000, () => {});
    expect(timeouts()).toBe(before + 1);
    timer.hold(false);
    expect(timeouts()).toBe(before);
    timer.hold(true);
    expect(timeouts()).toBe(before + 1);
    timer.cancel();
    expect(timeouts()).toBe(before);
  });
});
