import { describe, expect, it } from 'vitest';
import { type Deadline, type DeadlineLine, Deadlines } from '../lifecycle/deadlines.js';
import { HeldClock } from './held.clock.js';

describe('a held clock', () => {
  it('stands until it is advanced', async () => {
    const clock = new HeldClock();
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.now(), clock.at(), clock.wall()]).toEqual([0, 0, Date.parse('2026-01-01T00:00:00Z')]);
  });

  it('moves now and wall together, from the date it is given', async () => {
    const clock = new HeldClock('2026-03-28T12:00:00Z');
    await clock.advance('5m');
    expect([clock.now(), new Date(clock.wall()).toISOString()]).toEqual([300_000, '2026-03-28T12:05:00.000Z']);
    await clock.advanceTo('2026-03-29T00:00:00Z');
    expect(clock.now()).toBe(12 * 3_600_000);
  });

  it('calls what falls due in the order of its time, at its time, and nothing else', async () => {
    const clock = new HeldClock();
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(`${name} at ${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(31, note('never'));
    clock.after(30, note('d'));
    clock.after(20, note('b'));
    await clock.advance(30);
    expect(calls).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30']);
    expect(clock.pending).toBe(1);
  });

  it('lets what follows from one call happen before the next', async () => {
    const clock = new HeldClock();
    const calls: string[] = [];
    clock.after(10, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => calls.push('microtask'));
      setImmediate(() => calls.push('immediate'));
    });
    clock.after(11, () => calls.push('next'));
    await clock.advance(20);
    expect(calls).toEqual(['microtask', 'immediate', 'next']);
  });

  it('calls a timer that was set on the way, also by a microtask before the first step', async () => {
    const clock = new HeldClock();
    const calls: number[] = [];
    void Promise.resolve().then(() => clock.after(5, () => clock.after(5, () => calls.push(clock.now()))));
    await clock.advance(10);
    expect(calls).toEqual([10]);
  });

  it('forgets a timer that is cancelled', async () => {
    const clock = new HeldClock();
    const calls: number[] = [];
    clock.after(6, () => calls.push(clock.now()));
    const timer = clock.after(5, () => expect.unreachable());
    timer.cancel();
    timer.cancel();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(calls).toEqual([6]);
  });

  it('refuses to go back, and what is no duration or date', async () => {
    const clock = new HeldClock();
    await expect(clock.advanceTo('2025-12-31T00:00:00Z')).rejects.toThrow(
      'advanceTo: asked for 2025-12-31T00:00:00.000Z, and it is 2026-01-01T00:00:00.000Z already. Time does not go back.',
    );
    await expect(clock.advance('soon' as never)).rejects.toThrow("expected a duration such as 250 or '5m', got soon");
    expect(() => new HeldClock('someday')).toThrow('expected a date, got someday (string)');
  });

  it('drives deadlines', async () => {
    const clock = new HeldClock();
    const expired: number[] = [];
    class Noted implements Deadline {
      line: DeadlineLine | undefined;
      dueAt = 0;

      expire(): void {
        expired.push(clock.now());
      }
    }
    const line = new Deadlines(clock).line(30_000);
    line.set(new Noted(), clock.now());
    await clock.advance('10s');
    line.set(new Noted(), clock.now());
    await clock.advance('1m');
    expect(expired).toEqual([30_000, 40_000]);
  });
});
