import { describe, expect, it } from 'vitest';
import { KINDS, PLACES } from './fixtures/places.js';
import { purseRound } from './fixtures/purse.round.js';

const seed = (): number => Math.floor(Math.random() * 2 ** 31);

/** The full dose is `node scripts/workflows.mjs`. */
describe('what applications in processes of their own give to the same instances', () => {
  it('eight at once, to one instance in PostgreSQL: it is decided in some order, and every effect comes back once', async () => {
    const dose = { place: PLACES.postgres(), seed: seed(), hosts: 8, purses: 1, each: 12, kills: 0 };
    const { violations, accepted, rejected } = await purseRound(dose);
    expect({ seed: dose.seed, violations }).toEqual({ seed: dose.seed, violations: [] });
    expect(accepted + rejected).toBe(8 * 2 * 12);
    expect(accepted).toBeGreaterThan(20);
  });

  it.each(KINDS)('killed at random moments on %s: no event is without its effect, and the reverse', async (kind) => {
    const dose = { place: PLACES[kind](), seed: seed(), hosts: 2, purses: 3, each: 1_000_000, kills: 2 };
    const { violations, events } = await purseRound(dose);
    expect({ seed: dose.seed, violations }).toEqual({ seed: dose.seed, violations: [] });
    expect(events).toBeGreaterThan(50);
  });
});
