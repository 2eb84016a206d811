import { HeldClock } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import { Foresight } from './foresight.js';

function scene(prefetch: number | 'auto') {
  const clock = new HeldClock();
  const foresight = new Foresight(prefetch, () => clock.now());
  /** So many messages begin in so many milliseconds. */
  const pass = async (ms: number, messages: number): Promise<number> => {
    for (let n = 0; n < messages; n++) foresight.began();
    await clock.advance(ms);
    foresight.measure();
    return foresight.ahead;
  };
  return { foresight, pass };
}

describe('what is claimed in advance', () => {
  it('is nothing until the worker has begun something', async () => {
    const { foresight, pass } = scene('auto');
    expect([foresight.ahead, await pass(10, 0)]).toEqual([0, 0]);
  });

  it('is what the worker began in 5 ms of the time that was measured last', async () => {
    const { pass } = scene('auto');
    expect([await pass(4, 16), await pass(10, 400), await pass(1_000, 200), await pass(1_000, 199)]).toEqual([
      20, 200, 1, 0,
    ]);
  });

  it('is at most 500', async () => {
    expect(await scene('auto').pass(1, 10_000)).toBe(500);
  });

  it('stays as it is while no time passes', async () => {
    const { foresight, pass } = scene('auto');
    await pass(5, 7);
    foresight.began();
    foresight.measure();
    expect([foresight.ahead, await pass(5, 2)]).toEqual([7, 3]);
  });

  it('is in vain when nothing has begun since that was asked last', async () => {
    const { foresight, pass } = scene('auto');
    await pass(5, 7);
    expect([foresight.isInVain(), foresight.ahead]).toEqual([false, 7]);
    expect([foresight.isInVain(), foresight.ahead]).toEqual([true, 0]);
  });

  it('is what it was told to be, always, when it was told a number', async () => {
    const { foresight, pass } = scene(8);
    expect([foresight.ahead, await pass(5, 700), foresight.isInVain(), foresight.isInVain(), foresight.ahead]).toEqual([
      8,
      8,
      false,
      false,
      8,
    ]);
  });
});
