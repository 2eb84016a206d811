import { HeldClock } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import { Rounds } from './rounds.js';

function rounds() {
  const clock = new HeldClock();
  const faults: string[] = [];
  return { clock, faults, rounds: new Rounds(clock, (round, error) => faults.push(`${round}: ${String(error)}`)) };
}

describe('rounds', () => {
  it('are done again some time after they have ended, never twice at once', async () => {
    const { clock, rounds: all } = rounds();
    const begun: number[] = [];
    let end = (): void => {};
    const work = (): Promise<void> => {
      begun.push(clock.now());
      return new Promise((resolve) => (end = resolve));
    };
    all.begin([{ name: 'slow', everyMs: 10, work }]);
    await clock.advance(100);
    expect(begun).toEqual([10]);
    end();
    await clock.advance(20);
    expect(begun).toEqual([10, 110]);
    end();
  });

  it('are done sooner when they are hastened, and never later', async () => {
    const { clock, rounds: all } = rounds();
    const begun: number[] = [];
    all.begin([{ name: 'poll', everyMs: 100, work: async () => void begun.push(clock.now()) }]);
    all.hasten('poll', 20);
    all.hasten('poll', 50);
    all.hasten('nobody', 1);
    await clock.advance(120);
    expect(begun).toEqual([20, 120]);
  });

  it('that are hastened while they are under way are done again in that time: they may have looked already', async () => {
    const { clock, rounds: all } = rounds();
    const begun: number[] = [];
    let end = (): void => {};
    const work = (): Promise<void> => {
      begun.push(clock.now());
      return new Promise((resolve) => (end = resolve));
    };
    all.begin([{ name: 'timers', everyMs: 1_000, work }]);
    await clock.advance(1_000);
    all.hasten('timers', 50);
    all.hasten('timers', 20);
    await clock.advance(5);
    end();
    await clock.advance(100);
    expect(begun).toEqual([1_000, 1_020]);
    end();
    await clock.advance(1_000);
    expect(begun).toEqual([1_000, 1_020, 2_105]);
  });

  it('are done sooner when they ask for it, and never later', async () => {
    const { clock, rounds: all } = rounds();
    const begun: number[] = [];
    const answers = [3, undefined, 1_000];
    const work = async (): Promise<number | undefined> => {
      begun.push(clock.now());
      return answers.shift();
    };
    all.begin([{ name: 'poll', everyMs: 10, work }]);
    await clock.advance(35);
    expect(begun).toEqual([10, 13, 23, 33]);
  });

  it('are done ever more rarely while they fail, and told when they begin to fail', async () => {
    const { clock, faults, rounds: all } = rounds();
    const begun: number[] = [];
    let isGone = true;
    const work = async (): Promise<void> => {
      begun.push(clock.now());
      if (isGone) throw new Error('gone');
    };
    all.begin([{ name: 'poll', everyMs: 10, work }]);
    await clock.advance(80);
    expect([begun, faults]).toEqual([[10, 20, 40, 80], ['poll: Error: gone']]);
    isGone = false;
    await clock.advance(90);
    expect(begun.slice(4)).toEqual([160, 170]);
    isGone = true;
    await clock.advance(10_000);
    expect([begun.at(-1)! - begun.at(-2)!, faults]).toEqual([2_000, ['poll: Error: gone', 'poll: Error: gone']]);
  });

  it('stop when none is under way, and none begins after', async () => {
    const { clock, rounds: all } = rounds();
    let end = (): void => {};
    let begun = 0;
    const work = (): Promise<void> => {
      begun++;
      return new Promise((resolve) => (end = resolve));
    };
    all.begin([{ name: 'slow', everyMs: 10, work }]);
    await clock.advance(10);
    let isStopped = false;
    const stopping = all.stop().then(() => (isStopped = true));
    await clock.advance(100);
    expect(isStopped).toBe(false);
    end();
    await stopping;
    all.begin([{ name: 'other', everyMs: 10, work }]);
    await clock.advance(100);
    expect([begun, clock.pending]).toEqual([1, 0]);
  });
});
