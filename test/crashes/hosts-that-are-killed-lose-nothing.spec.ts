import { describe, expect, it } from 'vitest';
import { chanceFrom } from '../support/chance.js';
import { KINDS, PLACES } from './fixtures/places.js';
import { crashRound } from './fixtures/round.js';

/** The full dose is `node scripts/crashes.mjs`: 20 rounds of 2,000 messages on each store. */
const MESSAGES = 600;

describe.each(KINDS)('of hosts on %s that are killed at random', (kind) => {
  it('what was committed runs, what was rolled back does not, nothing runs beside itself, and the others go on', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    // How long a take-over lasts is for the full dose to say, on a machine that has nothing else to do.
    const toll = await crashRound({
      place: PLACES[kind](),
      messages: MESSAGES,
      chance: chanceFrom(seed),
      takeOverMs: 20_000,
    });
    expect({ seed, violations: toll.violations }).toEqual({ seed, violations: [] });
    expect(toll.committed).toBeGreaterThan(MESSAGES / 2);
  });
});
