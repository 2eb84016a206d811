import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOUNDS_MS, Histogram } from './histogram.js';

/** Milliseconds over all magnitudes, from a microsecond to half an hour. */
const ms = fc.double({ min: Math.log(0.001), max: Math.log(2_000_000), noNaN: true }).map(Math.exp);

/** The nearest rank: the smallest value that at least `share` of all do not pass. */
function nearestRank(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] as number;
}

describe('a histogram', () => {
  it('gives percentiles within 6.5 % of the true ones, to the microsecond', () => {
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const { p50, p95, p99 } = histogram.percentiles();
        for (const [share, given] of [
          [0.5, p50],
          [0.95, p95],
          [0.99, p99],
        ] as const) {
          const exact = nearestRank(values, share);
          expect(Math.abs(given - exact)).toBeLessThanOrEqual(Math.max(0.001, exact * 0.065));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is exact below 16 µs', () => {
    for (let us = 0; us < 16; us++) {
      const histogram = new Histogram();
      histogram.record(us / 1_000 + 1e-9);
      expect(histogram.percentiles().p50).toBe(us / 1_000);
    }
  });

  it('gives zeros when nothing was recorded', () => {
    expect(new Histogram().percentiles()).toEqual({ p50: 0, p95: 0, p99: 0 });
  });

  it.each([[-1], [0], [Number.NaN], [Infinity], [1e12]])('takes %d without harm', (value) => {
    const histogram = new Histogram();
    histogram.record(value);
    const { p50 } = histogram.percentiles();
    expect(p50).toBeGreaterThanOrEqual(0);
    expect(p50).toBeLessThanOrEqual(2 ** 31 / 1_000);
  });

  it('tells the rare and slow from the many', () => {
    const histogram = new Histogram();
    for (let i = 0; i < 980; i++) histogram.record(1);
    for (let i = 0; i < 20; i++) histogram.record(1_000);
    const { p50, p95, p99 } = histogram.percentiles();
    expect([Math.round(p50), Math.round(p95)]).toEqual([1, 1]);
    expect(Math.abs(p99 - 1_000)).toBeLessThan(65);
  });

  it('shows how durations are spread, each in one bucket', () => {
    const histogram = new Histogram();
    for (const ms of [0, 0.05, 0.7, 7, 7, 400, 1e9]) histogram.record(ms);
    const { count, sumMs, buckets } = histogram.distribution();
    const filled = buckets.flatMap((inside, at) => (inside === 0 ? [] : [[BOUNDS_MS[at] ?? Infinity, inside]]));
    expect([count, Math.round(sumMs)]).toEqual([7, 1_000_000_415]);
    expect(filled).toEqual([
      [0.1, 2],
      [1, 1],
      [10, 2],
      [500, 1],
      [Infinity, 1],
    ]);
  });
});
