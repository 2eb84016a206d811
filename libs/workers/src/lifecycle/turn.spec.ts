import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Turn } from './turn.js';

/** Lets the event loop go round once. */
const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a turn', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is over 4 ms after its first message', () => {
    const turn = new Turn();
    expect([1_000, 1_003, 1_004, 1_004.1].map((at) => turn.isOver(at))).toEqual([false, false, false, true]);
  });

  it('is over after 1,024 messages, however little time they take', () => {
    const turn = new Turn();
    const over = Array.from({ length: 1_025 }, () => turn.isOver(1_000));
    expect([over.indexOf(true), over.filter(Boolean).length]).toEqual([1_024, 1]);
  });

  it('begins anew when the event loop has gone round', async () => {
    const turn = new Turn();
    turn.isOver(1_000);
    expect(turn.isOver(1_005)).toBe(true);
    await round();
    expect(turn.isOver(1_005)).toBe(false);
  });

  it('calls back whoever has work left in the next turn, in order, once', async () => {
    const turn = new Turn();
    const told: string[] = [];
    turn.resume(() => told.push('a'));
    turn.resume(() => {
      told.push('b');
      turn.resume(() => told.push('c'));
    });
    expect(told).toEqual([]);
    await round();
    expect(told).toEqual(['a', 'b']);
    await round();
    await round();
    expect(told).toEqual(['a', 'b', 'c']);
  });

  it('lets timers of 1 ms and microtasks have their turn while work without end goes on', async () => {
    const turn = new Turn();
    let ticks = 0;
    const hasWork = (): boolean => ticks < 20;
    const work = (): void => {
      while (hasWork()) if (turn.isOver(turn.read())) return turn.resume(work);
    };
    const ticked = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (++ticks < 20) return;
        clearInterval(timer);
        resolve();
      }, 1);
    });
    work();
    await ticked;
    expect(ticks).toBe(20);
  });

  it('reads the clock once for up to 16 puts in a row, and anew in the next turn', async () => {
    const reading = vi.spyOn(performance, 'now');
    const turn = new Turn();
    for (let put = 0; put < 16; put++) turn.recent();
    expect(reading).toHaveBeenCalledTimes(1);
    for (let put = 0; put < 16; put++) turn.recent();
    expect(reading).toHaveBeenCalledTimes(2);
    await round();
    turn.recent();
    expect(reading).toHaveBeenCalledTimes(3);
  });

  it('uses a reading that somebody else made', () => {
    const turn = new Turn();
    turn.recent();
    expect(turn.note(7_777)).toBe(7_777);
    expect(turn.recent()).toBe(7_777);
  });
});
