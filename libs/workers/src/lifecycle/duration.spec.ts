import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMs } from './duration.js';

describe('a duration', () => {
  it.each([
    [0, 0],
    [250, 250],
    [0.5, 0.5],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['0s', 0],
  ])('%o is %d ms', (given, ms) => {
    expect(toMs(given)).toBe(ms);
  });

  it.each([
    [-1],
    [Number.NaN],
    [Infinity],
    ['30'],
    ['30 s'],
    ['s'],
    [''],
    ['-5s'],
    ['5S'],
    ['1h30m'],
    ['1e3ms'],
    [' 5s'],
    ['5s\n'],
    [null],
    [undefined],
    [true],
    [{}],
    [5n],
  ])('%o is none', (given) => {
    expect(toMs(given)).toBeUndefined();
  });

  it('means the same with each of its units', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(...Object.entries(units)), (count, [unit, ms]) => {
        expect(toMs(`${count}${unit}`)).toBe(count * ms);
      }),
    );
  });
});
