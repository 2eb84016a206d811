import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

const none = { random: () => 0 };

describe('the wait between two attempts', () => {
  it('doubles, up to five seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((attempt) => backoffMs(attempt, none))).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
    expect([0, 1, 2].map((attempt) => backoffMs(attempt, { ...none, baseMs: 30, maxMs: 50 }))).toEqual([30, 50, 50]);
  });

  it('has up to a hundred milliseconds of chance on top, or what it is given', () => {
    expect(backoffMs(0, { random: () => 0.5 })).toBe(150);
    expect(backoffMs(9, { random: () => 0.5, jitterMs: 10 })).toBe(5_005);
    expect(backoffMs(0, { random: () => 0.99, jitterMs: 0 })).toBe(100);
    const waits = Array.from({ length: 200 }, () => backoffMs(0));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...waits)).toBeLessThan(200);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });

  it('may be nothing at all, however many attempts there were', () => {
    for (const attempt of [0, 5, 5_000]) expect(backoffMs(attempt, { ...none, baseMs: 0 })).toBe(0);
    expect(backoffMs(3, { ...none, maxMs: 0 })).toBe(0);
  });

  it('is always a time to wait: between the base, or the maximum if that is less, and the maximum and the jitter', () => {
    const ms = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.nat(1e6), ms, ms, ms, (attempt, baseMs, maxMs, jitterMs) => {
        const wait = backoffMs(attempt, { baseMs, maxMs, jitterMs });
        expect(wait).toBeGreaterThanOrEqual(Math.min(baseMs, maxMs));
        expect(wait).toBeLessThanOrEqual(maxMs + jitterMs);
      }),
    );
  });

  it.each(['baseMs', 'maxMs', 'jitterMs'])('is refused with a %s that is negative or no number', (name) => {
    for (const value of [-1, Number.NaN, Infinity, -Infinity]) {
      expect(() => backoffMs(0, { [name]: value })).toThrow(
        `backoffMs: expected ${name} to be a finite number from 0 up, got ${value} (number).`,
      );
    }
  });

  it('is refused for an attempt that is negative or no number', () => {
    for (const attempt of [-1, Number.NaN, Infinity]) expect(() => backoffMs(attempt)).toThrow(RangeError);
  });
});
