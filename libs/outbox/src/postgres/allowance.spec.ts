import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.js';

describe('an allowance', () => {
  const of = (share: number) => {
    const clock = { ms: 0 };
    return { clock, allowance: new Allowance(share, 100, () => clock.ms) };
  };

  it('is a share of the time that passes', () => {
    const { clock, allowance } = of(0.05);
    allowance.spend(120);
    expect(allowance.isLeft).toBe(false);
    clock.ms += 399;
    expect(allowance.isLeft).toBe(false);
    clock.ms += 2;
    expect(allowance.isLeft).toBe(true);
  });

  it('is saved up to its limit and no further', () => {
    const { clock, allowance } = of(0.05);
    clock.ms += 3_600_000;
    allowance.spend(99);
    expect(allowance.isLeft).toBe(true);
    allowance.spend(2);
    expect(allowance.isLeft).toBe(false);
  });

  it('says how long it takes until something is left', () => {
    const { clock, allowance } = of(0.05);
    expect(allowance.waitMs()).toBe(0);
    allowance.spend(1_100);
    clock.ms += allowance.waitMs();
    expect(allowance.isLeft).toBe(true);
    expect(clock.ms).toBeGreaterThan(20_000 - 100);
  });
});
