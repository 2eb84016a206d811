import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceFrom } from '../../../../test/support/chance.js';
import { Roots } from './roots.js';

const MESSAGES = 20_000;

function begun(roots: Roots): boolean[] {
  return Array.from({ length: MESSAGES }, () => roots.begins());
}

describe('the share of messages that begin a trace', () => {
  it('is all of them at 1, none at 0', () => {
    expect(begun(new Roots(1))).not.toContain(false);
    expect(begun(new Roots(0))).not.toContain(true);
  });

  it('is what was asked for, whatever that is, and wherever among them one looks', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer(), (share, seed) => {
        const all = begun(new Roots(share, chanceFrom(seed)));
        const half = MESSAGES / 2;
        // Six standard deviations: by chance once in five hundred million.
        const slack = 6 * Math.sqrt(half * share * (1 - share));
        for (const part of [all.slice(0, half), all.slice(half)]) {
          expect(Math.abs(part.filter(Boolean).length - half * share)).toBeLessThan(slack);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('does not depend on whether the one before began: as often as not two follow each other at a half', () => {
    const all = begun(new Roots(0.5, chanceFrom(1)));
    const twins = all.filter((begins, at) => begins && all[at + 1] === true).length;
    expect(Math.abs(twins / MESSAGES - 0.25)).toBeLessThan(0.02);
  });

  it('may be so small that none ever begins', () => {
    expect(begun(new Roots(Number.MIN_VALUE, chanceFrom(1)))).not.toContain(true);
  });
});
