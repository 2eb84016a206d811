import { describe, expect, it } from 'vitest';
import { Permits } from './permits.js';

describe('permits', () => {
  it('bound messages by concurrency, and messages and unsettled outcomes together by twice as many', () => {
    const permits = new Permits(2, () => {});
    permits.use();
    expect([permits.room, permits.isFull]).toEqual([1, false]);
    permits.unsettled = 3;
    expect([permits.room, permits.isFull]).toEqual([0, true]);
    permits.unsettled = 2;
    expect([permits.room, permits.isFull]).toEqual([1, false]);
    permits.use();
    expect([permits.room, permits.isFull]).toEqual([0, true]);
  });

  it('keep what the source allows beside, also when the concurrency changes', () => {
    const permits = new Permits(2, () => {});
    permits.allowUnsettled(10);
    expect(permits.maxUnsettled).toBe(14);
    permits.setConcurrency(3);
    expect(permits.maxUnsettled).toBe(16);
  });

  it('tell when the first is used and when the last is back, and nothing between', () => {
    const told: boolean[] = [];
    const permits = new Permits(4, (isBusy) => told.push(isBusy));
    permits.giveBack(0);
    for (let n = 1; n <= 3; n++) permits.use();
    permits.giveBack(1);
    permits.giveBack(2);
    permits.use();
    expect(told).toEqual([true, false, true]);
  });
});
